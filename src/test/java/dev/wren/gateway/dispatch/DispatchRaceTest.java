package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.FaultyStore.Fault;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetFixture;
import dev.wren.gateway.callset.Rescues;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.util.unit.DataSize;

/**
 * The same lives as in {@link DispatchTest}, shorter, with real threads that meet where they will: slots that take and
 * report, those who cancel, those who look, those who wait, and a store that loses answers.
 */
@ExtendWith(QuietLogs.class)
class DispatchRaceTest {

    private static final int LIVES = 150;
    private static final int CALLS = 40;
    private static final int SLOTS = 3;
    private static final DispatchSettings SETTINGS = new DispatchSettings(50, Duration.ofNanos(200_000),
            Duration.ofMillis(2), DataSize.ofKilobytes(1), DataSize.ofKilobytes(1), 3, DataSize.ofKilobytes(8),
            Duration.ofSeconds(5));

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void whoever_meets_nobody_sleeps_for_ever_and_nothing_shown_goes_back() throws Exception {
        long until = System.nanoTime() + Duration.ofMinutes(Long.getLong("lives.minutes", 0)).toNanos();
        for (int life = 0; life < LIVES || System.nanoTime() < until; life++) {
            try (ExecutorService people = Executors.newCachedThreadPool()) {
                live(life, people);
            } catch (AssertionError | Exception e) {
                throw new AssertionError("life " + life, e);
            }
        }
    }

    private static void live(int life, ExecutorService people) throws Exception {
        FaultyStore faults = new FaultyStore();
        MemoryObjectStore truth = new MemoryObjectStore();
        ObjectStore store = faults.wrap(truth);
        Random chance = new Random(life);
        int every = 3 + life % 5;
        faults.faults((_, _) -> chance.nextInt(every) > 0
                ? Fault.NONE
                : chance.nextBoolean() ? Fault.AFTER : Fault.BEFORE);
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        CallLog log = CallsetFixture.log(store);
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(2);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        Dispatcher dispatcher = new Dispatcher(store, log, List.of(new FakeExecutor("fake", 1 + life % 4)), SETTINGS,
                new Rescues(timer, metrics), Clock.systemUTC(), metrics,
                new Dispatcher.Threads(Executors.newFixedThreadPool(3), timer, timer, new Random(life),
                        Ticker.systemTicker()));
        Manifest manifest = CallsetFixture.accept(truth, "red", CallsetId.of(life, 0, life, life),
                CallsetFixture.settings(2, null, life % 3 == 0 ? 2 : null, null), "fake", CALLS, Instant.now());
        Callset callset = CallsetFixture.begun(manifest, store, log, dispatcher);
        AtomicBoolean over = new AtomicBoolean();
        int most = life % 3 == 0 ? 2 : SLOTS;
        AtomicInteger atOnce = new AtomicInteger();
        List<Future<?>> all = new ArrayList<>();
        try {
            for (int call = 0; call < CALLS; call += 7) {
                int waitedFor = call;
                all.add(people.submit((Callable<?>) () -> {
                    assertThat(callset.state().awaitFinal(waitedFor, Duration.ofSeconds(30))).isTrue();
                    return null;
                }));
            }
            all.add(people.submit((Callable<?>) () -> {
                assertThat(callset.state().awaitDone(Duration.ofSeconds(30))).isTrue();
                return null;
            }));
            dispatcher.begin(callset);
            for (int slot = 0; slot < SLOTS; slot++) {
                Random random = new Random(life * 31L + slot);
                all.add(people.submit(() -> serve(dispatcher.lane("fake"), random, atOnce, most, over)));
            }
            if (life % 2 == 0) {
                Random random = new Random(life);
                all.add(people.submit(() -> {
                    for (int i = 0; i < 5; i++) {
                        dispatcher.cancel(callset, random.nextInt(CALLS));
                        Thread.yield();
                    }
                    if (life % 8 == 0) {
                        dispatcher.cancel(callset);
                    }
                }));
            }
            Future<?> reader = people.submit(() -> look(callset, over));
            if (!callset.state().awaitDone(Duration.ofSeconds(20))) {
                over.set(true);
                for (Future<?> each : all) {
                    if (each.isDone()) {
                        each.get();
                    }
                }
                throw new AssertionError("not every call ends: " + callset.state().counts());
            }
            over.set(true);
            reader.get(30, TimeUnit.SECONDS);
            for (Future<?> each : all) {
                each.get(30, TimeUnit.SECONDS);
            }
            Map<Integer, List<CallState>> recorded = CallsetFixture.recorded(truth, manifest);
            assertThat(recorded).hasSize(CALLS);
            recorded.forEach((call, ends) -> assertThat(ends).containsExactly(callset.state().of(call)));
            // Whoever waits is woken first: the last commit gives up the callset's place after it.
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).atMost(Duration.ofSeconds(10))
                    .until(() -> dispatcher.lane("fake").size() == 0);
        } finally {
            over.set(true);
            dispatcher.stop(Duration.ofSeconds(10));
        }
    }

    private static Void serve(Lane lane, Random random, AtomicInteger atOnce, int most, AtomicBoolean over)
            throws InterruptedException {
        while (!over.get()) {
            var taken = lane.take(Duration.ofMillis(5));
            if (taken.isPresent()) {
                try (Chunk chunk = taken.get()) {
                    assertThat(atOnce.incrementAndGet()).as("chunks at once").isLessThanOrEqualTo(most);
                    run(chunk, random);
                    atOnce.decrementAndGet();
                }
            }
        }
        return null;
    }

    private static void run(Chunk chunk, Random random) {
        AtomicInteger current = new AtomicInteger(-1);
        chunk.attach(new Chunk.Handler() {
            @Override
            public int currentCall() {
                return current.get();
            }

            @Override
            public void stopDecided() {
                current.set(-1);
            }
        });
        for (int i = 0; i < chunk.size(); i++) {
            int call = chunk.call(i);
            current.set(call);
            switch (random.nextInt(8)) {
                case 0 -> chunk.lose(call, "by a test");
                case 1 -> chunk.giveBack(call);
                case 2 -> chunk.postpone();
                case 3 -> chunk.report(report(chunk, call, new Outcome.Failure(
                        CallError.of(ErrorCode.FUNCTION, "by a test"))));
                default -> chunk.report(report(chunk, call, new Outcome.Success(new Value.Inline(new byte[]{'1'}))));
            }
        }
    }

    private static Report report(Chunk chunk, int call, Outcome outcome) {
        return new Report(call, chunk.attemptOf(call), chunk.send(), outcome,
                new Report.Status(0, 1000, 0, true, "w", Output.NONE, null));
    }

    /** What has ended stays as it was, at every look, and the counts add up. */
    private static Void look(Callset callset, AtomicBoolean over) {
        CallState[] seen = new CallState[CALLS];
        while (!over.get()) {
            int ended = 0;
            for (int call = 0; call < CALLS; call++) {
                CallState state = callset.state().of(call);
                assertThat(seen[call] == null || !seen[call].isFinal() || seen[call] == state)
                        .as("call %d was %s and is %s", call, seen[call], state).isTrue();
                assertThat(state == CallState.NEW && seen[call] != null && seen[call] != CallState.NEW).isFalse();
                seen[call] = state;
                ended += state.isFinal() ? 1 : 0;
            }
            Counts counts = callset.state().counts();
            assertThat(counts.size()).isEqualTo(CALLS);
            assertThat(counts.ended()).isGreaterThanOrEqualTo(ended);
        }
        return null;
    }
}
