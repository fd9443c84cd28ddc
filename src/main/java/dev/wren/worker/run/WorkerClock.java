package dev.wren.worker.run;

import java.time.Clock;
import java.util.function.LongSupplier;

/**
 * The two clocks of a worker: the time of day, and one for durations. Looking at the first for every call would cost
 * twice, so it is read once a chunk and carried on by the second.
 */
public final class WorkerClock {

    private final Clock clock;
    private final LongSupplier nanos;
    private long anchorMicros;
    private long anchorNanos;

    public WorkerClock(Clock clock, LongSupplier nanos) {
        this.clock = clock;
        this.nanos = nanos;
        anchor();
    }

    /** The clocks of this machine. */
    public static WorkerClock system() {
        return new WorkerClock(Clock.systemUTC(), System::nanoTime);
    }

    /** The time of day. */
    public Clock clock() {
        return clock;
    }

    /** The clock for durations, nanoseconds. */
    public LongSupplier durations() {
        return nanos;
    }

    /** Nanoseconds, for differences only. */
    public long nanos() {
        return nanos.getAsLong();
    }

    /** Reads the time of day again. For the thread that runs the calls, as is {@link #micros}. */
    void anchor() {
        var now = clock.instant();
        anchorMicros = Math.addExact(Math.multiplyExact(now.getEpochSecond(), 1_000_000L), now.getNano() / 1000);
        anchorNanos = nanos.getAsLong();
    }

    /** Microseconds since the epoch at the time that {@link #nanos} has given as {@code then}. */
    long micros(long then) {
        return anchorMicros + (then - anchorNanos) / 1000;
    }
}
