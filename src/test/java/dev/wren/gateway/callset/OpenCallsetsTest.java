package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenCallsetsTest {

    private final MemoryObjectStore memory = new MemoryObjectStore();
    private final FaultyStore faults = new FaultyStore();
    private final ObjectStore store = faults.wrap(memory);

    private OpenCallsets at(String time) {
        return new OpenCallsets(store, Clock.fixed(Instant.parse(time), ZoneOffset.UTC));
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
        open.save();
        CallsetId after = open.next("red");
        OpenCallsets.Note note = at("2026-01-01T00:00:01Z").load().orElseThrow();
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
        open.save();
        OpenCallsets next = at("2025-01-01T00:00:00Z");
        OpenCallsets.Note note = next.load().orElseThrow();
        assertThat(isLookedAt(note, next.next("red"))).isTrue();
    }

    @Test
    void where_many_are_open_the_note_is_bounded_and_still_right() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        List<CallsetId> ids = new ArrayList<>();
        for (int i = 0; i < OpenCallsets.MOST_NAMED + 500; i++) {
            ids.add(open.next("red"));
        }
        open.save();
        OpenCallsets.Note note = at("2026-01-01T00:00:00Z").load().orElseThrow();
        assertThat(note.named()).hasSize(OpenCallsets.MOST_NAMED);
        assertThat(ids).allMatch(id -> isLookedAt(note, id));
    }

    @Test
    void nothing_is_written_while_nothing_changes_and_a_lost_answer_does_no_harm() {
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        List<String> writes = new ArrayList<>();
        faults.faults((operation, _) -> {
            if (operation.equals("replace")) {
                writes.add(operation);
                return writes.size() == 1 ? FaultyStore.Fault.AFTER : FaultyStore.Fault.NONE;
            }
            return FaultyStore.Fault.NONE;
        });
        CallsetId id = open.next("red");
        for (int i = 0; i < 10; i++) {
            try {
                open.save();
            } catch (RuntimeException e) {
                assertThat(i).isZero();
            }
        }
        assertThat(writes).hasSize(3);
        assertThat(isLookedAt(at("2026-01-01T00:00:00Z").load().orElseThrow(), id)).isTrue();
    }

    /** As after the first start with a store of an older build: all were looked at, and need not be again. */
    @Test
    void callsets_that_were_there_before_are_done_when_they_were_looked_at() {
        CallsetId before = CallsetId.of(Instant.parse("2025-06-01T00:00:00Z").toEpochMilli(), 0, 1, 1);
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        open.opened("red", before);
        open.closed(before);
        open.save();
        assertThat(isLookedAt(at("2026-01-01T00:00:00Z").load().orElseThrow(), before)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "rot", "null", "", "[]", "{\"watermark\":1}",
            "{\"watermark\":1,\"named\":[{\"tenant\":\"red\",\"id\":\"x\"}]}"})
    void a_damaged_note_counts_as_none(String damaged) {
        memory.putIfAbsent(ObjectKeys.shard(0), damaged.getBytes(StandardCharsets.UTF_8));
        OpenCallsets open = at("2026-01-01T00:00:00Z");
        assertThat(open.load()).isEmpty();
        open.next("red");
        open.save();
        assertThat(at("2026-01-01T00:00:00Z").load()).isPresent();
    }
}
