package dev.wren.protocol;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long a worker has been where its {@link Progress} says it is. The time of day, which the worker wrote and which may
 * be set meanwhile, counts only for what was begun since the look before; from then on a clock counts that nobody sets.
 * So a step of the machine's clock makes no call too slow, and none endless. Safe for use by several threads.
 */
public final class TimeInCall {

    private final Clock clock;
    private final LongSupplier nanos;
    private Progress.Point seen = new Progress.Point(Progress.IDLE, Long.MIN_VALUE);
    private long lookedAt;
    private long ran;

    /**
     * Begins now: what is found at the first look was begun after this.
     *
     * @param clock the time of day, as the worker has it
     * @param nanos for durations, nanoseconds
     */
    public TimeInCall(Clock clock, LongSupplier nanos) {
        this.clock = clock;
        this.nanos = nanos;
        this.lookedAt = nanos.getAsLong();
    }

    /** Looks: how long it has been there, at most the time since the last look that found it elsewhere. */
    public synchronized Duration at(Progress.Point now) {
        long time = nanos.getAsLong();
        long most = time - lookedAt;
        if (now.equals(seen)) {
            ran += most;
        } else {
            seen = now;
            ran = Math.clamp(TimeUnit.MILLISECONDS.toNanos(clock.millis() - now.sinceMillis()), 0, Math.max(0, most));
        }
        lookedAt = time;
        return Duration.ofNanos(ran);
    }
}
