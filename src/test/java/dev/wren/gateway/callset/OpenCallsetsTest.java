package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.shard.ShardNote;
import dev.wren.protocol.CallsetId;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenCallsetsTest {

    private static OpenCallsets at(String time) {
        return new OpenCallsets(Clock.fixed(Instant.parse(time), ZoneOffset.UTC));
    }

    /** What a start would look at. */
    private static boolean isLookedAt(ShardNote note, CallsetId id) {
        return id.millis() >= note.watermark() || note.named().stream().anyMatch(ref -> ref.id().equals(id));
    }

    @Test
    void what_is_not_done_is_looked_at_and_what_is_done_is_not() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        CallsetId old = open.next("red", 3);
        CallsetId done = open.next("red", 3);
        open.closed(done);
        ShardNote note = open.note(3);
        CallsetId after = open.next("red", 3);
        assertThat(isLookedAt(note, old)).isTrue();
        assertThat(isLookedAt(note, done)).isFalse();
        assertThat(isLookedAt(note, after)).isTrue();
        assertThat(note.named()).containsExactly(new ShardNote.Ref("red", old));
    }

    /** An id from before the watermark would be taken for one that is done. */
    @Test
    void no_id_is_older_than_a_note_even_if_the_clock_goes_back() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        open.closed(open.next("red", 3));
        ShardNote note = open.note(3);
        OpenCallsets next = at("2025-01-01T00:00:00Z");
        next.begin(3, note);
        assertThat(isLookedAt(note, next.next("red", 3))).isTrue();
    }

    @Test
    void where_many_are_open_the_note_is_bounded_and_still_right() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        List<CallsetId> ids = new ArrayList<>();
        for (int i = 0; i < OpenCallsets.MOST_NAMED + 500; i++) {
            ids.add(open.next("red", 3));
        }
        ShardNote note = open.note(3);
        assertThat(note.named()).hasSize(OpenCallsets.MOST_NAMED);
        assertThat(ids).allMatch(id -> isLookedAt(note, id));
    }

    @Test
    void only_what_is_new_is_told_until_it_could_not_be_noted() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        CallsetId id = open.next("red", 3);
        assertThat(open.news(3)).isPresent();
        assertThat(open.news(3)).isEmpty();
        open.notNoted(3);
        assertThat(isLookedAt(open.news(3).orElseThrow(), id)).isTrue();
        open.closed(id);
        assertThat(open.news(3)).isPresent();
    }

    /** As after the first start with a store of an older build: all were looked at, and need not be again. */
    @Test
    void callsets_that_were_there_before_are_done_when_they_were_looked_at() {
        CallsetId before = CallsetId.of(Instant.parse("2025-06-01T00:00:00Z").toEpochMilli(), 3, 1, 1);
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        open.opened("red", before);
        open.closed(before);
        assertThat(isLookedAt(open.note(3), before)).isFalse();
    }
}
