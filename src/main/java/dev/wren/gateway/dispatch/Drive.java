package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.LiveView;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Data;
import dev.wren.gateway.record.Segment;
import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives one callset: gives its calls to the executor, takes what they come to, and has it committed. Safe for use by
 * several threads.
 */
final class Drive implements Chunk.Sink {

    private static final Logger log = LoggerFactory.getLogger(Drive.class);
    /** What was sent before a restart is awaited for this long at least. */
    private static final Duration LEAST_WAIT = Duration.ofSeconds(1);

    private final DriveState state;
    private final Decisions decisions;
    private final Sender sender;
    private final AttemptObjects objects;

    /** What a lane has to know: whether {@link #take} would give something, and the chunks at the executor. */
    record Load(boolean hasWork, int inFlight) {
    }

    Drive(Callset callset, DriveContext context) {
        this.state = new DriveState(callset, context);
        this.decisions = new Decisions(state, this::afterCancelOfAll);
        this.sender = new Sender(this, state, decisions);
        this.objects = new AttemptObjects(state);
    }

    Callset callset() {
        return state.callset;
    }

    /** What readers see of the calls that run. */
    LiveView live() {
        return state.chunks;
    }

    Load load() {
        return state.locked(() -> new Load(state.hasWork(), state.chunks.size()));
    }

    /** The next calls for the executor, with their data; nothing if there are none that may go now. */
    Optional<Chunk> take(Executor executor) {
        return sender.take(executor);
    }

    /** Awaits what was sent before a restart, where workers outlive the gateway; else it is sent again. Called first. */
    void awaitSent() {
        Map<Integer, CallTable.Sent> sent = state.locked(state.table::takeSent);
        Executor executor = state.context.executor(this).filter(Executor::outlivesGateway).orElse(null);
        if (sent.isEmpty() || executor == null) {
            return;
        }
        Map<Long, TreeMap<Integer, Integer>> sendings = new TreeMap<>();
        sent.forEach((call, of) -> sendings.computeIfAbsent(of.send(), _ -> new TreeMap<>()).put(call, of.attempt()));
        sendings.forEach((send, attempts) -> {
            Chunk chunk = awaited(executor, send, attempts);
            state.context.watch(this, chunk);
            executor.resume(chunk);
        });
        log.info("callset {}: {} calls were sent by an earlier start and are awaited", state.callset.id(), sent.size());
    }

    private Chunk awaited(Executor executor, long send, SortedMap<Integer, Integer> attempts) {
        Instant invokedAt = state.sentAt(send);
        Chunk chunk = Chunk.awaited(state.job,
                new Chunk.Sending(attempts.keySet().stream().mapToInt(call -> call).toArray(),
                        attempts.values().stream().mapToInt(attempt -> attempt).toArray(), send, invokedAt),
                left(executor, attempts.size(), invokedAt), state.context.ticker(), this);
        state.locked(() -> {
            attempts.keySet().forEach(state.pending::leaveOut);
            state.chunks.add(chunk);
        });
        return chunk;
    }

    private Duration left(Executor executor, int calls, Instant invokedAt) {
        Duration left = executor.allowance(calls, state.callset.settings().jobMaxRuntime())
                .minus(Duration.between(invokedAt, state.context.now()));
        return left.compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : left;
    }

    @Override
    public void allowedAnew(Chunk chunk) {
        state.context.executor(this)
                .ifPresent(executor -> chunk.heard(left(executor, chunk.size(), chunk.invokedAt())));
    }

    @Override
    public void reported(Chunk chunk, Report report) {
        boolean news = state.locked(() -> {
            if (!state.isOpen(chunk, report.call())) {
                return false;
            }
            conclude(report, chunk.invokedAt(), true);
            return true;
        });
        if (news) {
            state.context.commit(this);
        }
        Decisions.endIfOver(chunk);
    }

    /**
     * A report that came by itself: it decides if it is of the call's current attempt, whichever sending it is of.
     *
     * @return completes when what it says, or what was decided before, is durable
     */
    CompletableFuture<Reports.Receipt> accept(Report report) {
        Accepted accepted = state.locked(() -> decide(report));
        state.context.commit(this);
        accepted.chunk.ifPresent(Decisions::endIfOver);
        return accepted.receipt;
    }

    /** Calls of a sending were not run, by no fault of theirs. */
    CompletableFuture<Reports.Receipt> returned(long send, int[] calls, @Nullable String trouble) {
        return ofSending(send, calls, (chunk, call) -> {
            if (trouble == null) {
                state.takeBack(call);
            } else {
                again(call, chunk.invokedAt(), trouble, ErrorCode.RUNTIME, "");
            }
        });
    }

    /** The worker of a sending ended in one of the calls. */
    CompletableFuture<Reports.Receipt> died(long send, int[] calls, CallError error, @Nullable Integer exitCode) {
        return ofSending(send, calls, (chunk, call) -> {
            if (chunk.size() > 1) {
                state.pending.separate(call);
                state.takeBack(call);
            } else {
                // Nobody else knows when it began.
                conclude(Decisions.died(chunk, call, error, exitCode), chunk.invokedAt(), true);
            }
        });
    }

    /** Does something with each of the calls that is still awaited of that sending; the callset's lock is held then. */
    private CompletableFuture<Reports.Receipt> ofSending(long send, int[] calls,
            BiConsumer<Chunk, Integer> with) {
        Set<Chunk> touched = new LinkedHashSet<>();
        CompletableFuture<Reports.Receipt> receipt = state.locked(() -> {
            if (state.stopped) {
                return CompletableFuture.completedFuture(state.givenUp());
            }
            for (int call : calls) {
                state.chunks.of(call).filter(chunk -> chunk.send() == send).ifPresent(chunk -> {
                    if (state.isOpen(chunk, call)) {
                        with.accept(chunk, call);
                    }
                    touched.add(chunk);
                });
            }
            return state.staged.whenDurable(touched.isEmpty() ? Reports.Receipt.DROPPED : Reports.Receipt.TAKEN);
        });
        state.context.commit(this);
        touched.forEach(Decisions::endIfOver);
        state.context.offer(this);
        return receipt;
    }

    /**
     * What a report has come to.
     *
     * @param chunk in which its call is accounted for now
     */
    private record Accepted(CompletableFuture<Reports.Receipt> receipt, Optional<Chunk> chunk) {
    }

    private Accepted decide(Report report) {
        if (state.stopped) {
            return new Accepted(CompletableFuture.completedFuture(state.givenUp()), Optional.empty());
        }
        int call = report.call();
        if (call < 0 || call >= state.table.size() || state.table.isDecided(call)
                || report.attempt() != state.nextAttempt(call)) {
            return new Accepted(state.staged.whenDurable(Reports.Receipt.DROPPED), Optional.empty());
        }
        Optional<Chunk> chunk = state.chunks.of(call).filter(each -> each.account(call));
        // One that is at no executor is on its way there: to be sent again, or for the first time after a restart.
        conclude(report, state.sentAt(report.send()), chunk.isPresent());
        return new Accepted(state.staged.whenDurable(Reports.Receipt.TAKEN), chunk);
    }

    /**
     * An attempt has ended: it is tried again, or its outcome is the call's.
     *
     * @param sendAgain whether a call that is tried again is to be sent; false where it waits to be sent anyway
     */
    private void conclude(Report report, Instant invokedAt, boolean sendAgain) {
        state.setbacks = 0;
        Report.Status status = report.status();
        if (status != null) {
            state.meanNanos = state.meanNanos == 0
                    ? Math.max(1, status.execNanos())
                    : state.meanNanos + (status.execNanos() - state.meanNanos) / 8;
        }
        if (report.outcome() instanceof Outcome.Failure(CallError error) && Retries.canHelp(error.code())
                && report.attempt() < state.callset.settings().maxAttempts()) {
            state.staged.add(new Segment.Entry.Ended(report, invokedAt.toEpochMilli(), false));
            state.table.tryAgain(report.call(), report.attempt());
            if (sendAgain) {
                sender.againLater(report.call(), state.context.retries().backoff(report.attempt()));
            }
        } else {
            state.table.decideBegun(report.call(), state.sinceCreation(invokedAt));
            decisions.decide(report, invokedAt);
        }
    }

    @Override
    public void returned(Chunk chunk, int call) {
        boolean back = state.locked(() -> {
            if (!state.isOpen(chunk, call)) {
                return false;
            }
            state.takeBack(call);
            return true;
        });
        if (back) {
            state.context.offer(this);
        }
    }

    @Override
    public void postponed(Chunk chunk, int[] calls) {
        sender.postpone(state.locked(
                () -> Arrays.stream(calls).filter(call -> state.isOpen(chunk, call)).toArray()));
    }

    @Override
    public void lost(Chunk chunk, int call, String reason) {
        boolean decided = state.locked(() -> {
            if (!state.isOpen(chunk, call)) {
                return false;
            }
            return again(call, chunk.invokedAt(), reason, ErrorCode.LOST, "never heard of again, ");
        });
        if (decided) {
            state.context.commit(this);
        }
        Decisions.endIfOver(chunk);
    }

    /**
     * Something failed that is not to fail: the call is sent again, unless that has happened too often.
     *
     * @param inTheEnd what it ends in then
     * @return whether it has ended
     */
    private boolean again(int call, Instant invokedAt, String reason, ErrorCode inTheEnd, String prefix) {
        int times = state.losses.merge(call, 1, Integer::sum);
        if (times > state.context.settings().lostRetries()) {
            decisions.fail(call, state.nextAttempt(call),
                    CallError.of(inTheEnd, prefix + times + " times: " + reason), invokedAt);
            return true;
        }
        log.info("callset {} call {}: lost and sent again: {}", state.callset.id(), state.callset.callId(call),
                reason);
        sender.againLater(call, state.context.retries().backoff(times));
        return false;
    }

    /** What was sent is noted, so that it is awaited after a restart. */
    @Override
    public void detached(Chunk chunk) {
        boolean noted = state.locked(() -> {
            state.chunks.detached(chunk);
            Map<Integer, List<Integer>> byAttempt = new TreeMap<>();
            for (int call : chunk.open()) {
                if (!state.table.isDecided(call)) {
                    Runs.add(byAttempt.computeIfAbsent(chunk.attemptOf(call), _ -> Runs.none()), call);
                }
            }
            if (state.stopped) {
                return false;
            }
            byAttempt.forEach(
                    (attempt, runs) -> state.staged.add(new Segment.Entry.Invoked(chunk.send(), attempt, runs)));
            return !byAttempt.isEmpty();
        });
        if (noted) {
            state.context.commit(this);
        }
        Decisions.endIfOver(chunk);
        state.context.offer(this);
    }

    @Override
    public void dueSooner(Chunk chunk) {
        state.context.watch(this, chunk);
    }

    @Override
    public void closed(Chunk chunk) {
        state.context.unwatch(this, chunk);
        state.locked(() -> state.chunks.remove(chunk));
        state.context.offer(this);
    }

    @Override
    public byte[] part(Chunk chunk, Data.Place place, long from, int length) {
        return state.callset.data().part(place, from, length);
    }

    @Override
    public void storeValue(Chunk chunk, Report report, InputStream value) {
        objects.storeValue(report, value);
    }

    @Override
    public void storeLog(Chunk chunk, Report report, InputStream output) {
        objects.storeLog(report, output);
    }

    /** Cancels all calls that are not decided. */
    void cancel() {
        state.locked(() -> decisions.cancel(0, state.table.size()));
        afterCancelOfAll();
    }

    /** Cancels one call, if it is not decided. */
    void cancel(int call) {
        state.locked(() -> decisions.cancel(call, call + 1));
        afterCancel();
    }

    private void afterCancelOfAll() {
        if (state.locked(() -> state.chunks.anyFar())) {
            objects.markCancelled();
        }
        afterCancel();
    }

    private void afterCancel() {
        state.context.commit(this);
        decisions.stopAffected();
    }

    /** All calls that are not decided end in {@code error}. */
    void fail(CallError error) {
        state.locked(() -> decisions.failRest(error));
        state.context.commit(this);
    }

    /** Gives up the callset: nothing more is sent or committed. */
    void abandon() {
        state.locked(decisions::giveUp).forEach(Staged.Waiting::complete);
        decisions.stopAffected();
    }

    /** Claims the right to write the next segment; false if somebody writes one, or there is nothing to write. */
    boolean beginFlush() {
        return state.locked(() -> !state.stopped && state.staged.beginFlush());
    }

    /**
     * What goes into the next segment: the same until it is {@link #written}. Only after {@link #beginFlush}; nothing if
     * the callset was given up.
     */
    Optional<Staged.Batch> nextBatch() {
        return state.locked(() -> state.stopped
                ? Optional.empty()
                : Optional.of(state.staged.take(state.callset.driven().nextSegment(), state.table,
                        state.context.settings().segmentBytes().toBytes(),
                        state.context.now().truncatedTo(ChronoUnit.MILLIS))));
    }

    /** The batch is durable; true if there is more to write, and the right to write it is kept. */
    boolean written() {
        Staged.Written written = state.locked(state.staged::written);
        written.receipts().forEach(Staged.Waiting::complete);
        return written.more() && !isStopped();
    }

    /** Whether the callset was given up. */
    boolean isStopped() {
        return state.locked(() -> state.stopped);
    }

    /** Whether nothing is left to do: no call is open, and no chunk is at the executor. */
    boolean isFinished() {
        return state.locked(() -> state.chunks.size() == 0 && state.table.ended() == state.table.size());
    }
}
