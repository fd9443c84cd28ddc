package dev.wren.gateway.executor;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs calls somewhere. It takes chunks of them when it has room, and reports. Safe for use by several threads. */
public interface Executor extends AutoCloseable {

    /** The name that callers ask for it by. */
    String name();

    /** {@code local}, {@code lambda} or {@code standalone}. */
    String kind();

    /** Whether it can run calls now. */
    Readiness readiness();

    /** How it is configured, with no secret. */
    Map<String, Object> settings();

    /** What is wrong with overrides of the settings, by the setting's name, for the caller; empty if nothing is. */
    Map<String, String> wrongOverrides(Map<String, Object> config);

    /**
     * How many data to hand to one invocation.
     *
     * @param meanNanos measured mean run time of the callset's calls, or 0 while there is none
     * @param waiting calls of the callset that wait to be invoked, at least 1
     * @return at least 1
     */
    int chunkSize(long meanNanos, int waiting);

    /**
     * Within which time something is heard of a chunk after it was taken, at the latest: past it, its calls are lost.
     *
     * @param calls calls in the chunk
     * @param jobMaxRuntime how long each attempt may run
     */
    Duration allowance(int calls, Duration jobMaxRuntime);

    /**
     * Whether its workers go on when the gateway ends: what was sent to them is noted in the log, and is awaited after a
     * restart, not sent again.
     */
    default boolean outlivesGateway() {
        return false;
    }

    /** Whether its workers are far away, so that {@code invokePoolThreads} of a callset's chunks are sent at once. */
    default boolean isFar() {
        return outlivesGateway();
    }

    /**
     * How data are handed to it.
     *
     * @param inHand bytes of a chunk's data, together, up to which they are handed over; more are for the worker to read
     * @param elsewhere bytes of a chunk's data, together, that a worker is to read, except for a single larger datum
     */
    record DataLimits(long inHand, long elsewhere) {
    }

    /** Nothing where workers cannot read the store: all data are handed over. */
    default Optional<DataLimits> dataLimits() {
        return Optional.empty();
    }

    /** How long an attempt may run, at most; nothing where there is no such limit. */
    default Optional<Duration> longestRun(Map<String, Object> config) {
        return Optional.empty();
    }

    /**
     * Begins to take work.
     *
     * @param reports where workers' reports go that come without a chunk
     */
    void start(WorkSource work, Reports reports);

    /** A chunk that was sent before a restart, and is awaited. Called before {@link #start} or after it. */
    default void resume(Chunk chunk) {
        // Whose workers end with the gateway has none.
    }

    /** The machines that run its calls, where they are launched and ended by callers; nothing where they are not. */
    default Optional<InstancePool> pool() {
        return Optional.empty();
    }

    /**
     * Takes no more work, lets what runs go on for the configured time, gives back the rest and frees all it holds.
     * What was reported before it returns may be committed by the caller. Once; closing it again does nothing.
     */
    @Override
    void close();

    /**
     * Whether an executor can run calls.
     *
     * @param reason why it cannot; null when it can
     */
    record Readiness(boolean ready, @Nullable String reason) {

        public static final Readiness READY = new Readiness(true, null);

        public static Readiness notReady(String reason) {
            return new Readiness(false, reason);
        }
    }
}
