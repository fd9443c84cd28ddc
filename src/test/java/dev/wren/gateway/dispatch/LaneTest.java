package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetFixture;
import dev.wren.gateway.callset.Rescues;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.CallsetId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

/** Two threads that tell a lane of the same drive at once, with the one in the middle held up just there. */
class LaneTest {

    private static final DispatchSettings SETTINGS = new DispatchSettings(3, Duration.ofMillis(100),
            Duration.ofSeconds(1), DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 2, DataSize.ofMegabytes(1),
            Duration.ofSeconds(5));

    private final Steps steps = new Steps();
    private final MemoryObjectStore store = new MemoryObjectStore();
    private final CallLog log = CallsetFixture.log(store);
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Dispatcher dispatcher = new Dispatcher(store, log, List.of(new FakeExecutor("fake", 1)), SETTINGS,
            new Rescues(steps, metrics), steps.clock(), metrics,
            new Dispatcher.Threads(steps, steps, steps, new Random(1), steps.ticker()));
    private final Lane lane = dispatcher.lane("fake");

    private Callset held() {
        CallsetId id = CallsetId.of(1, 0, 1, 1);
        Callset callset = CallsetFixture.begun(CallsetFixture.accept(store, "red", id,
                CallsetFixture.settings(1, null, null, null), "fake", 1, Instant.EPOCH), store, log, dispatcher);
        CallsetFixture.hold(callset);
        dispatcher.begin(callset);
        return callset;
    }

    /** Begins {@code action} in a thread that stands still where it wants to note what it has read. */
    private Thread heldUp(Runnable action) {
        Thread thread = Thread.ofPlatform().start(action);
        await().until(() -> lane.lock.hasQueuedThread(thread));
        return thread;
    }

    @Test
    void work_that_comes_while_none_is_noted_is_found() throws Exception {
        Callset callset = held();
        lane.lock.lock();
        Thread slow;
        try {
            // It has read that there is nothing to do.
            slow = heldUp(() -> dispatcher.offer(dispatcher.drive(callset)));
            dispatcher.release(callset);
        } finally {
            lane.lock.unlock();
        }
        slow.join();
        assertThat(lane.take(Duration.ZERO)).isPresent();
    }

    @Test
    void a_drive_that_ends_while_it_is_offered_keeps_no_place() throws Exception {
        Callset callset = held();
        lane.lock.lock();
        Thread slow;
        try {
            slow = heldUp(() -> dispatcher.offer(dispatcher.drive(callset)));
            dispatcher.abandon(callset);
        } finally {
            lane.lock.unlock();
        }
        slow.join();
        assertThat(lane.size()).isZero();
    }
}
