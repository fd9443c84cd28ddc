package dev.wren.gateway.callset;

import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.record.Origins;
import dev.wren.protocol.CallState;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of one callset have come to, for those who only read it. What it shows of ended calls is durable. Safe
 * for use by several threads.
 */
public interface CallsetState {

    /**
     * One call at one moment.
     *
     * @param attempts attempts that a worker has begun
     * @param last where the record of the outcome is; nothing for a call that has not ended, or has no record
     * @param earlier records of the attempts before the last, oldest first
     * @param invokedAt when it was handed to the executor that has it now; null if none has
     */
    record CallStatus(CallState state, int attempts, Optional<CallTable.Location> last,
            List<CallTable.Location> earlier, @Nullable Instant invokedAt) {

        public CallStatus {
            earlier = List.copyOf(earlier);
        }
    }

    /** How many calls are in which state, at one moment. */
    Counts counts();

    /** When the last call ended, or null while one has not. Never changes once it is set. */
    @Nullable
    Instant doneAt();

    /** The counts and {@link #doneAt()} of the same moment. */
    Summary summary();

    /** See {@link #summary()}. */
    record Summary(Counts counts, @Nullable Instant doneAt) {
    }

    /** The state of one call. */
    CallState of(int call);

    /** All that is known of one call. */
    CallStatus status(int call);

    /** The first call from {@code from} on that is in {@code state}. */
    OptionalInt next(CallState state, int from);

    /** Calls that ended in {@code error} or {@code cancelled}. */
    Origins failed();

    /** Segments of the log. */
    int segments();

    /** What a running call has written so far; nothing if it does not run. */
    Optional<InputStream> liveOutput(int call);

    /** Whether the callset was deleted since it was found. */
    boolean isDeleted();

    /**
     * Refuses to tell what may have changed elsewhere; all that waits does so too.
     *
     * @throws dev.wren.gateway.shard.NotHereException if another gateway has begun to drive the callset
     */
    void requireHere();

    /** Waits until the call has ended; false if it has not within {@code timeout}. */
    boolean awaitFinal(int call, Duration timeout) throws InterruptedException;

    /** Waits until all calls have ended; false if they have not within {@code timeout}. */
    boolean awaitDone(Duration timeout) throws InterruptedException;

    /** Waits until {@code condition} holds; it is looked at after each commit. */
    boolean awaitChange(BooleanSupplier condition, Duration timeout) throws InterruptedException;

    /** A place among those who are told when a call ends, or all have, by {@link CallWaiters#DONE}; to be closed. */
    CallWaiters.Place listenTo(int call);

    /**
     * Runs {@code action} once, when the last call has ended, the callset is deleted, or another gateway has begun to
     * drive it; at once if that was before. It must be quick.
     */
    void onEnd(Runnable action);

    /** Bytes of memory that the state takes, whether it is in memory or not. */
    long weight();
}
