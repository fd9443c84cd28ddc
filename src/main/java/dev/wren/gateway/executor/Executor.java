package dev.wren.gateway.executor;

import java.util.Map;
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

    /**
     * Checks overrides of the settings.
     *
     * @throws dev.wren.gateway.web.ProblemException {@code invalid-request} with pointers under {@code /config}
     */
    void checkConfig(Map<String, Object> config);

    /**
     * How many data to hand to one invocation.
     *
     * @param meanNanos measured mean run time of the callset's calls, or 0 while there is none
     * @param waiting calls of the callset that wait to be invoked, at least 1
     * @return at least 1
     */
    int chunkSize(long meanNanos, int waiting);

    /** Begins to take work. */
    void start(WorkSource work);

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
