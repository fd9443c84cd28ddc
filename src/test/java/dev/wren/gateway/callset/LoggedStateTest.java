package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.CallsetId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoggedStateTest {

    private final MemoryObjectStore store = new MemoryObjectStore();

    private Callset callset() {
        CallsetId id = CallsetId.of(1, 0, 1, 1);
        Manifest manifest = new Manifest(id, "red", CallsetFixture.settings(1, null, null, null), "local",
                CallsetFixture.JARS, 1, Manifest.Layout.INLINE, Instant.EPOCH, null, null, null);
        return CallsetFixture.begun(manifest, store, CallsetFixture.log(store), null);
    }

    private static void end(Callset callset) {
        callset.driven().committed(List.of(new Segment.Entry.Cancelled(List.of(0, 1))), List.of(0),
                new Segment.Head(Instant.EPOCH, 0, 0, 1));
    }

    /** Where as many callsets run as may, a caller that sees one end may submit the next at once. */
    @Test
    void what_a_callset_took_is_free_when_its_end_is_seen() throws Exception {
        Callset callset = callset();
        List<String> happened = new ArrayList<>();
        try (CallWaiters.Place place = callset.state().listenTo(CallWaiters.DONE)) {
            var _ = place.rung().thenRun(() -> happened.add("seen"));
            callset.driven().releaseAtEnd(() -> happened.add(callset.isDone() ? "free too late" : "free"));
            end(callset);
        }
        assertThat(happened).containsExactly("free", "seen");
        assertThat(callset.isDone()).isTrue();
    }

    @Test
    void what_goes_wrong_at_the_end_keeps_nobody_waiting() throws Exception {
        Callset callset = callset();
        List<String> happened = new ArrayList<>();
        try (CallWaiters.Place place = callset.state().listenTo(CallWaiters.DONE)) {
            var _ = place.rung().thenRun(() -> happened.add("seen"));
            callset.driven().releaseAtEnd(() -> {
                throw new IllegalStateException("by a test");
            });
            callset.state().onEnd(() -> happened.add("free"));
            end(callset);
        }
        assertThat(happened).containsExactly("seen", "free");
    }
}
