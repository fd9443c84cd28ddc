package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.CallsetId;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OpenCallsetsTest {

    private static OpenCallsets at(String time) {
        return new OpenCallsets(Clock.fixed(Instant.parse(time), ZoneOffset.UTC));
    }

    /** What a start would look at. */
    private static boolean isLookedAt(OpenCallsets.Note note, CallsetId id) {
        return id.millis() >= note.watermark() || note.named().stream().anyMatch(ref -> ref.id().equals(id));
    }

    @Test
    void what_is_not_done_is_looked_at_and_what_is_done_is_not() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        CallsetId old = open.next("red");
        CallsetId done = open.next("red");
        open.closed(done);
        OpenCallsets.Note note = open.note();
        CallsetId after = open.next("red");
        assertThat(isLookedAt(note, old)).isTrue();
        assertThat(isLookedAt(note, done)).isFalse();
        assertThat(isLookedAt(note, after)).isTrue();
        assertThat(note.named()).containsExactly(new OpenCallsets.Ref("red", old));
    }

    /** An id from before the watermark would be taken for one that is done. */
    @Test
    void no_id_is_older_than_a_note_even_if_the_clock_goes_back() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        open.closed(open.next("red"));
        OpenCallsets.Note note = open.note();
        OpenCallsets next = at("2025-01-01T00:00:00Z");
        next.begin(Optional.of(note));
        assertThat(isLookedAt(note, next.next("red"))).isTrue();
    }

    @Test
    void where_many_are_open_the_note_is_bounded_and_still_right() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        List<CallsetId> ids = new ArrayList<>();
        for (int i = 0; i < OpenCallsets.MOST_NAMED + 500; i++) {
            ids.add(open.next("red"));
        }
        OpenCallsets.Note note = open.note();
        assertThat(note.named()).hasSize(OpenCallsets.MOST_NAMED);
        assertThat(ids).allMatch(id -> isLookedAt(note, id));
    }

    @Test
    void only_what_is_new_is_told_until_it_could_not_be_noted() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        CallsetId id = open.next("red");
        assertThat(open.news()).isPresent();
        assertThat(open.news()).isEmpty();
        open.notNoted();
        assertThat(isLookedAt(open.news().orElseThrow(), id)).isTrue();
        open.closed(id);
        assertThat(open.news()).isPresent();
    }

    /** As after the first start with a store of an older build: all were looked at, and need not be again. */
    @Test
    void callsets_that_were_there_before_are_done_when_they_were_looked_at() {
        CallsetId before = CallsetId.of(Instant.parse("2025-06-01T00:00:00Z").toEpochMilli(), 0, 1, 1);
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        open.opened("red", before);
        open.closed(before);
        assertThat(isLookedAt(open.note(), before)).isFalse();
    }
}
