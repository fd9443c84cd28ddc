package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.FaultyStore.Fault;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetFixture;
import dev.wren.gateway.callset.Rescues;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.record.Call;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.ToleratedFailures;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireWriter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.util.unit.DataSize;

/**
 * Random lives of callsets, each drawn from a seed: calls are taken, reported (once, twice, late), given back, lost,
 * postponed and cancelled, callsets are deleted, the gateway crashes, and the store fails before or after it has acted,
 * in any order. What has to hold whatever happens is checked at every step and at the end.
 *
 * <p>
 * {@code -Dlives.seed=N} draws one life again, {@code -Dlives.minutes=N} goes on for longer than the build
 * does.
 */
@ExtendWith(QuietLogs.class)
class DispatchTest {

    private static final int LIVES = 3000;
    private static final int STEPS = 120;
    private static final int LAST_STEPS = 20_000;
    private static final String EXECUTOR = "fake";
    private static final DispatchSettings SETTINGS = new DispatchSettings(2, Duration.ofMillis(100),
            Duration.ofSeconds(1), DataSize.ofBytes(3), DataSize.ofBytes(200), 2, DataSize.ofBytes(2000),
            Duration.ofSeconds(5));

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void every_call_ends_once_and_nothing_shown_goes_back() {
        Long one = Long.getLong("lives.seed");
        if (one != null) {
            new Life(one).live();
            return;
        }
        long until = System.nanoTime() + Duration.ofMinutes(Long.getLong("lives.minutes", 0)).toNanos();
        for (long seed = 0; seed < LIVES || System.nanoTime() < until; seed++) {
            try {
                new Life(seed).live();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("life " + seed + ", to be drawn again with -Dlives.seed=" + seed, e);
            }
        }
    }

    /** A callset, and all that was ever seen of it. */
    private static final class Watched {

        final Manifest manifest;
        Callset callset;
        /** Of each call, the highest state seen since it was last tried again. */
        final CallState[] seen;
        final String[] ended;
        /** Of each call, the attempts that have failed and were not the last, as far as they are not forgotten. */
        final int[] failed;
        Instant doneAt;
        boolean deleted;
        CompletableFuture<Void> whenDone;
        final Map<Integer, CompletableFuture<Void>> whenEnded = new HashMap<>();
        int endActions;

        Watched(Manifest manifest) {
            this.manifest = manifest;
            this.seen = new CallState[manifest.size()];
            this.ended = new String[manifest.size()];
            this.failed = new int[manifest.size()];
            Arrays.fill(seen, CallState.NEW);
        }
    }

    /** A chunk at the executor, as its worker sees it. */
    private static final class Held implements Chunk.Handler {
        final Watched of;
        final Chunk chunk;
        int current = -1;
        int begun;
        boolean stopped;
        boolean overdue;

        Held(Watched of, Chunk chunk) {
            this.of = of;
            this.chunk = chunk;
        }

        void sent() {
            chunk.attach(this);
        }

        @Override
        public int currentCall() {
            return current;
        }

        @Override
        public void stopDecided() {
            stopped = true;
        }

        @Override
        public boolean overdue() {
            overdue = true;
            return true;
        }
    }

    /** A call at a worker far away. */
    private record Far(Watched of, int call, int attempt, long send) {
    }

    /** A report that such a worker has sent, and what the gateway said to it. */
    private record Answer(Watched of, Report report, CompletableFuture<Reports.Receipt> receipt) {
    }

    private static final class Life {

        private final Random random;
        /** What is done now, and what later: rescues, retries. */
        private Steps steps = new Steps();
        private Steps commits = new Steps(steps);
        private final FaultyStore faults = new FaultyStore();
        private final MemoryObjectStore truth = new MemoryObjectStore();
        private final ObjectStore store = faults.wrap(truth);
        private final FakeExecutor executor;
        private final List<Watched> all = new ArrayList<>();
        private final List<Held> held = new ArrayList<>();
        /** What workers that outlive the gateway have; each call may be reported at any time, or never. */
        private final List<Far> far = new ArrayList<>();
        private final List<Chunk> resumed = new ArrayList<>();
        private final Set<String> sendings = new HashSet<>();
        private final List<Answer> answers = new ArrayList<>();
        private final int faultPercent;
        private final boolean bugs;
        private CallLog log;
        private SimpleMeterRegistry metrics;
        private Dispatcher dispatcher;
        private boolean faulty = true;

        Life(long seed) {
            random = new Random(seed);
            executor = new FakeExecutor(EXECUTOR, 1 + random.nextInt(4),
                    Duration.ofMillis(2000 + random.nextInt(20_000)),
                    random.nextInt(3) == 0, resumed);
            faultPercent = random.nextInt(3) * 15;
            bugs = random.nextInt(3) == 0;
            faults.faults((operation, _) -> {
                if (!faulty || random.nextInt(100) >= faultPercent) {
                    return Fault.NONE;
                }
                return switch (random.nextInt(8)) {
                    case 0 -> bugs ? Fault.BUG : Fault.BEFORE;
                    case 1, 2, 3 -> Fault.AFTER;
                    default -> Fault.BEFORE;
                };
            });
            start();
        }

        private void start() {
            metrics = new SimpleMeterRegistry();
            log = CallsetFixture.log(store);
            dispatcher = new Dispatcher(store, log, List.of(executor), SETTINGS, new Rescues(steps, metrics),
                    steps.clock(), metrics, new Dispatcher.Threads(commits, steps, steps, random, steps.ticker()));
        }

        void live() {
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                submit();
            }
            for (int step = 0; step < STEPS; step++) {
                step();
                check();
            }
            faulty = false;
            for (int step = 0; !isOver() && step < LAST_STEPS; step++) {
                lastStep();
                check();
            }
            checkEnd();
        }

        private void submit() {
            CallsetId id = CallsetId.of(steps.clock().millis(), 0, random.nextLong(), random.nextLong());
            int size = 1 + random.nextInt(12);
            var settings = CallsetFixture.settings(1 + random.nextInt(3),
                    random.nextBoolean() ? null : 1 + random.nextInt(4),
                    random.nextBoolean() ? null : 1 + random.nextInt(3),
                    random.nextInt(4) > 0 ? null : new ToleratedFailures(random.nextInt(3), false));
            Watched watched = new Watched(CallsetFixture.accept(truth, random.nextBoolean() ? "red" : "blue", id,
                    settings, EXECUTOR, size, steps.clock().instant()));
            watched.callset = CallsetFixture.begun(watched.manifest, store, log, dispatcher);
            all.add(watched);
            watch(watched);
            dispatcher.begin(watched.callset);
        }

        private void watch(Watched watched) {
            watched.whenDone = watched.callset.isDone()
                    ? CompletableFuture.completedFuture(null)
                    : CallsetFixture.whenDone(watched.callset);
            watched.whenEnded.clear();
            for (int call = 0; call < watched.manifest.size(); call += 3) {
                if (!watched.callset.state().of(call).isFinal()) {
                    watched.whenEnded.put(call, CallsetFixture.whenEnded(watched.callset, call));
                }
            }
            watched.endActions = 0;
            watched.callset.state().onEnd(() -> {
                throw new IllegalStateException("by a test");
            });
            watched.callset.state().onEnd(() -> watched.endActions++);
        }

        private void step() {
            switch (random.nextInt(24)) {
                case 0, 1, 2, 3, 4 -> take();
                case 5, 6, 7, 8 -> onChunk(this::begin);
                case 9, 10, 11, 12 -> onChunk(this::report);
                case 13 -> onChunk(this::end);
                case 17, 18, 19 -> tellOne();
                case 14 -> cancel();
                case 15 -> {
                    if (random.nextInt(12) == 0) {
                        delete();
                    }
                }
                case 16 -> {
                    if (random.nextInt(12) == 0) {
                        crash();
                    }
                }
                default -> runOne();
            }
        }

        private void lastStep() {
            if (random.nextInt(4) == 0) {
                tellOne();
            }
            if (random.nextInt(3) > 0 || !runOne()) {
                take();
                for (Held each : List.copyOf(held)) {
                    begin(each);
                    report(each);
                    if (each.chunk.open().length == 0) {
                        close(each);
                    }
                }
            }
        }

        private double backlog() {
            double bytes = metrics.get("wren.commit.backlog").gauge().value();
            // A gauge refers to what it shows only weakly.
            Reference.reachabilityFence(this);
            return bytes;
        }

        /** Lets one of those go on who have something to do; or time, where nobody has. */
        private boolean runOne() {
            return random.nextBoolean()
                    ? commits.runOne(random) || steps.runOne(random)
                    : steps.runOne(random) || commits.runOne(random);
        }

        private void take() {
            try {
                boolean full = backlog() >= SETTINGS.backlog().toBytes();
                Optional<Chunk> taken = dispatcher.lane(EXECUTOR).take(Duration.ZERO);
                assertThat(full && taken.isPresent()).as("nothing is sent while there is no room for more").isFalse();
                taken.ifPresent(chunk -> {
                    Watched of = all.stream().filter(each -> each.manifest.id().equals(chunk.job().id())).findFirst()
                            .orElseThrow();
                    Held mine = new Held(of, chunk);
                    held.add(mine);
                    for (int i = 0; i < chunk.size(); i++) {
                        assertThat(new String(chunk.datum(i), StandardCharsets.UTF_8))
                                .isEqualTo(Integer.toString(chunk.call(i)));
                        assertThat(sendings.add(chunk.job().id() + " " + chunk.call(i) + " " + chunk.send()))
                                .as("every sending has a number of its own").isTrue();
                        assertThat(bugs || chunk.attempt(i) == of.failed[chunk.call(i)] + 1)
                                .as("attempt %d of a call of which %d have failed", chunk.attempt(i),
                                        of.failed[chunk.call(i)])
                                .isTrue();
                    }
                    mine.sent();
                    if (executor.outlivesGateway() && random.nextInt(5) > 0) {
                        detach(mine);
                    }
                });
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        /** The chunk is far away now. What it was sent for may be told before that, or after, or twice. */
        private void detach(Held mine) {
            for (int i = 0; i < mine.chunk.size(); i++) {
                Far one = new Far(mine.of, mine.chunk.call(i), mine.chunk.attempt(i), mine.chunk.send());
                far.add(one);
                if (random.nextInt(8) == 0) {
                    far.add(one);
                }
                if (random.nextInt(8) == 0) {
                    tell(one);
                }
            }
            held.remove(mine);
            mine.chunk.attach(Chunk.Handler.NONE);
            mine.chunk.detach();
            mine.chunk.close();
        }

        private void tellOne() {
            if (!far.isEmpty()) {
                Far one = far.get(random.nextInt(far.size()));
                if (random.nextInt(10) > 0) {
                    tell(one);
                }
                far.remove(one);
            }
        }

        private void tell(Far one) {
            Report report = new Report(one.call, one.attempt, one.send, outcome(), random.nextBoolean()
                    ? null
                    : new Report.Status(steps.clock().millis() * 1000, 1000, 0, true, "w", Output.NONE, null));
            boolean isNews = !one.of.deleted && dispatcher.drive(one.of.callset) != null
                    && !one.of.callset.driven().table().isDecided(one.call)
                    && one.attempt == one.of.callset.driven().table().attempts(one.call) + 1;
            if (isNews && report.outcome() instanceof Outcome.Failure(CallError error)
                    && error.code() == ErrorCode.FUNCTION
                    && report.attempt() < one.of.manifest.settings().maxAttempts()) {
                again(one.of, one.call);
                one.of.failed[one.call]++;
            }
            CompletableFuture<Reports.Receipt> receipt = dispatcher.accept(one.of.manifest.id(), report);
            answers.add(new Answer(one.of, report, receipt));
        }

        /** What was said to be taken is what is shown, or was an attempt that is shown. */
        private void checkAnswers() {
            for (Answer answer : answers) {
                if (answer.receipt.isDone() && answer.receipt.join() == Reports.Receipt.TAKEN && !answer.of.deleted) {
                    Report report = answer.report;
                    assertThat(answer.of.callset.call(report.call()).attemptLog().stream()
                            .filter(each -> each.report().attempt() == report.attempt()).map(Call.Attempt::report)
                            .map(each -> each.send() + " " + each.outcome().state()))
                            .as("an attempt that was taken").contains(report.send() + " " + report.outcome().state());
                }
            }
            answers.removeIf(answer -> answer.receipt.isDone());
        }

        private void onChunk(Consumer<Held> action) {
            if (!held.isEmpty()) {
                action.accept(held.get(random.nextInt(held.size())));
            }
        }

        /** The worker begins the next call of its chunk that is still its own. */
        private void begin(Held mine) {
            if (mine.current >= 0) {
                return;
            }
            while (mine.begun < mine.chunk.size() && !mine.chunk.isOpen(mine.chunk.call(mine.begun))) {
                mine.begun++;
            }
            if (mine.begun < mine.chunk.size()) {
                mine.current = mine.chunk.call(mine.begun++);
            }
        }

        private void report(Held mine) {
            if (mine.current < 0) {
                return;
            }
            int call = mine.current;
            mine.current = -1;
            Report report = new Report(call, mine.chunk.attemptOf(call), mine.chunk.send(), outcome(),
                    new Report.Status(
                            steps.clock().millis() * 1000, 1000, 0, true, "w", Output.NONE, null));
            if (report.outcome() instanceof Outcome.Failure(CallError error) && error.code() == ErrorCode.FUNCTION
                    && report.attempt() < mine.of.manifest.settings().maxAttempts()) {
                again(mine.of, call);
                mine.of.failed[call] += isNews(mine, call) ? 1 : 0;
            }
            mine.chunk.report(report);
            if (random.nextInt(6) == 0) {
                // Late, and with something else.
                mine.chunk.report(new Report(call, mine.chunk.attemptOf(call), mine.chunk.send(), outcome(), null));
                mine.chunk.lose(call, "late");
                mine.chunk.giveBack(call);
            }
        }

        private static boolean isNews(Held mine, int call) {
            return mine.chunk.isOpen(call) && !mine.of.callset.driven().table().isDecided(call);
        }

        private Outcome outcome() {
            return switch (random.nextInt(4)) {
                case 0 -> new Outcome.Failure(CallError.of(ErrorCode.FUNCTION, "by a test"));
                case 1 -> new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, "by a test"));
                default -> new Outcome.Success(new Value.Inline(
                        Integer.toString(random.nextInt()).getBytes(StandardCharsets.UTF_8)));
            };
        }

        /** The worker is over: what it has not told of is given back, lost, waits, or is forgotten. */
        private void end(Held mine) {
            mine.current = -1;
            for (int call : mine.chunk.open()) {
                again(mine.of, call);
            }
            switch (random.nextInt(4)) {
                case 0 -> Arrays.stream(mine.chunk.open()).forEach(mine.chunk::giveBack);
                case 1 -> mine.chunk.postpone();
                case 2 -> Arrays.stream(mine.chunk.open()).forEach(call -> mine.chunk.lose(call, "by a test"));
                default -> {
                    // Lost by the close.
                }
            }
            close(mine);
        }

        private void close(Held mine) {
            held.remove(mine);
            mine.chunk.close();
        }

        private void again(Watched of, int call) {
            if (!of.seen[call].isFinal()) {
                of.seen[call] = CallState.INVOKED.canBecome(of.seen[call]) ? CallState.INVOKED : of.seen[call];
            }
        }

        private void cancel() {
            Watched watched = all.get(random.nextInt(all.size()));
            if (watched.deleted || random.nextInt(4) > 0) {
                return;
            }
            if (random.nextInt(3) == 0) {
                dispatcher.cancel(watched.callset);
            } else {
                dispatcher.cancel(watched.callset, random.nextInt(watched.manifest.size()));
            }
        }

        private void delete() {
            Watched watched = all.get(random.nextInt(all.size()));
            truth.delete(List.of(ObjectKeys.manifest(watched.manifest.tenant(), watched.manifest.id())));
            watched.deleted = true;
            CallsetFixture.markDeleted(watched.callset);
            dispatcher.abandon(watched.callset);
            deleteObjects(watched);
        }

        private void deleteObjects(Watched watched) {
            truth.delete(truth.list(ObjectKeys.callset(watched.manifest.tenant(), watched.manifest.id()), null, 100_000)
                    .stream().map(ObjectStore.Entry::key).toList());
        }

        /** All that is in memory is lost, or what was reported is committed first; late words of workers reach nobody. */
        private void crash() {
            if (random.nextBoolean()) {
                try {
                    dispatcher.stop(Duration.ZERO);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                check();
            }
            // A start takes its time.
            steps.advance(1);
            steps = new Steps(steps);
            commits = new Steps(steps);
            held.clear();
            // Of those whose answer was lost nothing is known.
            answers.clear();
            resumed.clear();
            start();
            for (Watched watched : all) {
                if (watched.deleted) {
                    // What the crash has left is found by retention.
                    deleteObjects(watched);
                    continue;
                }
                for (int call = 0; call < watched.seen.length; call++) {
                    if (!watched.seen[call].isFinal()) {
                        watched.seen[call] = CallState.NEW;
                    }
                }
                boolean before = faulty;
                faulty = false;
                watched.callset = CallsetFixture.load(watched.manifest, store, log, dispatcher);
                watch(watched);
                if (!watched.callset.isDone()) {
                    dispatcher.begin(watched.callset);
                    checkResumed(watched);
                }
                for (int call = 0; call < watched.failed.length; call++) {
                    watched.failed[call] = watched.callset.call(call).attempts();
                }
                faulty = before;
            }
        }

        /** What the log says was sent, and nothing after it, is awaited. */
        private void checkResumed(Watched watched) {
            Map<Integer, Long> sent = new TreeMap<>();
            resumed.stream().filter(chunk -> chunk.job().id().equals(watched.manifest.id()))
                    .forEach(chunk -> Arrays.stream(chunk.open()).forEach(call -> sent.put(call, chunk.send())));
            assertThat(sent).isEqualTo(executor.outlivesGateway()
                    ? CallsetFixture.sent(truth, watched.manifest)
                    : Map.of());
        }

        /** What a reader sees now. */
        private void check() {
            boolean asBefore = faulty;
            faulty = false;
            checkAnswers();
            faulty = asBefore;
            for (Watched watched : all) {
                if (watched.deleted) {
                    assertThat(watched.whenDone).isDone();
                    continue;
                }
                boolean before = faulty;
                faulty = false;
                try {
                    check(watched);
                } finally {
                    faulty = before;
                }
            }
        }

        private void check(Watched watched) {
            Callset callset = watched.callset;
            Map<CallState, Integer> sum = new HashMap<>();
            for (int index = 0; index < watched.seen.length; index++) {
                CallState state = callset.state().of(index);
                sum.merge(state, 1, Integer::sum);
                CallState last = watched.seen[index];
                // One that is read from the store again is like one after a restart.
                boolean allowed = state == last || (bugs
                        ? !last.isFinal()
                        : state.compareTo(last) > 0
                                && last.canBecome(state));
                assertThat(allowed).as("call %d was seen %s and is %s", index, last, state).isTrue();
                watched.seen[index] = state;
                if (state.isFinal()) {
                    Call now = callset.call(index);
                    assertThat(now.attemptLog().stream().map(each -> each.report().attempt()))
                            .as("attempts of call %d", index).isSorted().doesNotHaveDuplicates();
                    String shown = shown(now);
                    assertThat(watched.ended[index] == null || watched.ended[index].equals(shown))
                            .as("%s was shown, and %s is", watched.ended[index], shown).isTrue();
                    watched.ended[index] = shown;
                    CompletableFuture<Void> waiting = watched.whenEnded.get(index);
                    assertThat(waiting == null || waiting.isDone()).as("who waits for call %d sleeps on", index)
                            .isTrue();
                }
                assertThat(callset.state().next(state, index).orElse(-1)).isEqualTo(index);
            }
            Counts counts = callset.state().counts();
            assertThat(counts).isEqualTo(new Counts(sum.getOrDefault(CallState.NEW, 0),
                    sum.getOrDefault(CallState.INVOKED, 0), sum.getOrDefault(CallState.RUNNING, 0),
                    sum.getOrDefault(CallState.SUCCESS, 0), sum.getOrDefault(CallState.ERROR, 0),
                    sum.getOrDefault(CallState.CANCELLED, 0)));
            if (callset.isDone()) {
                assertThat(counts.ended()).isEqualTo(watched.seen.length);
                assertThat(watched.whenDone).isDone();
                assertThat(watched.doneAt == null || watched.doneAt.equals(callset.state().doneAt())).isTrue();
                watched.doneAt = callset.state().doneAt();
                assertThat(watched.endActions).isEqualTo(bugs ? Math.min(1, watched.endActions) : 1);
            }
        }

        /** All that is shown of a call, as text that can be compared. */
        private static String shown(Call call) {
            WireWriter reports = new WireWriter(256);
            call.attemptLog().forEach(attempt -> attempt.report().write(reports));
            return call.state() + " after " + call.attempts() + ", invoked at " + call.invokedAt() + ": "
                    + HexFormat.of().formatHex(reports.toByteArray());
        }

        private boolean isOver() {
            return held.isEmpty() && all.stream().allMatch(each -> each.deleted || each.callset.isDone());
        }

        private void checkEnd() {
            for (int step = 0; runOne(); step++) {
                // What is left to be done changes nothing that was seen.
                check();
                assertThat(step).as("it comes to rest").isLessThan(LAST_STEPS);
            }
            assertThat(isOver()).as("every call ends").isTrue();
            for (Watched watched : all) {
                assertThat(dispatcher.drive(watched.callset)).isNull();
                if (watched.deleted) {
                    assertThat(truth.list(ObjectKeys.callset(watched.manifest.tenant(), watched.manifest.id()), null,
                            10)).as("a deleted callset leaves nothing").isEmpty();
                    continue;
                }
                Map<Integer, List<CallState>> recorded = CallsetFixture.recorded(truth, watched.manifest);
                assertThat(recorded).hasSize(watched.seen.length);
                assertThat(watched.endActions).as("what follows the end happens once").isEqualTo(1);
                recorded.forEach((call, ends) -> assertThat(ends).as("call %d", call)
                        .containsExactly(watched.callset.state().of(call)));
            }
            assertThat(dispatcher.lane(EXECUTOR).deadlines().size()).as("no chunk stays").isZero();
            assertThat(dispatcher.lane(EXECUTOR).size()).as("no ticket stays").isZero();
            assertThat(answers).as("whoever has reported is answered").isEmpty();
            assertThat(backlog()).as("all that was weighed is written").isZero();
        }
    }
}
