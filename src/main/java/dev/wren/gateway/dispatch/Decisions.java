package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.record.Segment;
import dev.wren.protocol.CallError;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides what calls end in: once each, and staged for the log in the order of the decisions. All but
 * {@link #stopAffected} is used under the callset's lock.
 */
final class Decisions {

    private final DriveState state;
    private final Runnable afterCancel;

    /**
     * @param afterCancel run in another thread, when decisions have cancelled calls that may be at the executor
     */
    Decisions(DriveState state, Runnable afterCancel) {
        this.state = state;
        this.afterCancel = afterCancel;
    }

    /** The call ends in what was reported. */
    void decide(Report report, Instant invokedAt) {
        state.table.decide(report.call());
        state.losses.remove(report.call());
        state.staged.add(new Segment.Entry.Ended(report, invokedAt.toEpochMilli(), true));
        if (report.outcome() instanceof Outcome.Failure) {
            state.errors++;
            var tolerated = state.callset.settings().toleratedFailures();
            if (tolerated != null && tolerated.exceededBy(state.errors, state.callset.size())) {
                cancel(0, state.table.size());
                state.context.later(Duration.ZERO, afterCancel);
            }
        }
    }

    /** The call is not decided, and ends in this error, in an attempt that no worker has told of. */
    void fail(int call, int attempt, CallError error, Instant invokedAt) {
        decide(new Report(call, attempt, 0, new Outcome.Failure(error), null), invokedAt);
    }

    /** What is known of an attempt whose worker has ended in it: not even when it began. */
    static Report died(Chunk chunk, int call, CallError error, @Nullable Integer exitCode) {
        Report.Status status = exitCode == null
                ? null
                : new Report.Status(ChronoUnit.MICROS.between(Instant.EPOCH, chunk.invokedAt()), 0, 0, false, "",
                        Output.NONE, exitCode);
        return new Report(call, chunk.attemptOf(call), chunk.send(), new Outcome.Failure(error), status);
    }

    /** All calls that are not decided end in this error. */
    void failRest(CallError error) {
        for (int call = 0; call < state.table.size(); call++) {
            if (!state.table.isDecided(call)) {
                fail(call, state.table.attempts(call), error, state.context.now());
            }
        }
    }

    /**
     * Cancels those of the calls {@code from} to {@code to}, exclusive, that are not decided. The attempt of a call that
     * a worker has begun is told of in the log; one that only waits at the executor has had none.
     */
    void cancel(int from, int to) {
        for (Chunk chunk : state.chunks.all()) {
            for (int call : chunk.running()) {
                if (call >= from && call < to && !state.table.isDecided(call)) {
                    state.table.decideBegun(call, state.sinceCreation(chunk.invokedAt()));
                    state.staged.add(new Segment.Entry.Ended(
                            new Report(call, state.nextAttempt(call), chunk.send(), new Outcome.Cancelled(), null),
                            chunk.invokedAt().toEpochMilli(), true));
                }
            }
        }
        List<Integer> runs = Runs.none();
        for (int call = from; call < to; call++) {
            if (!state.table.isDecided(call)) {
                Runs.add(runs, call);
                state.table.decide(call);
            }
        }
        if (!runs.isEmpty()) {
            state.staged.add(new Segment.Entry.Cancelled(runs));
        }
    }

    /** No outcome is decided any more, and none that was is written; returns those who wait for that. */
    List<Staged.Waiting> giveUp() {
        state.stopped = true;
        for (int call = 0; call < state.table.size(); call++) {
            state.table.decide(call);
        }
        return state.staged.clear(state.givenUp());
    }

    /** Executors are told of calls that were decided elsewhere. Without the lock. */
    void stopAffected() {
        for (Chunk chunk : state.locked(state.chunks::affected)) {
            chunk.stop();
            if (chunk.isDetached()) {
                // Nobody will tell of them, or whoever does is too late.
                state.locked(() -> {
                    for (int call : chunk.open()) {
                        if (state.table.isDecided(call)) {
                            boolean _ = chunk.account(call);
                        }
                    }
                });
                endIfOver(chunk);
            }
        }
    }

    /** A chunk that nobody closes ends with the last of its calls. Without the lock. */
    static void endIfOver(Chunk chunk) {
        if (chunk.isDetached() && chunk.open().length == 0) {
            chunk.end();
        }
    }
}
