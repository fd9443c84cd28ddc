package dev.wren.client;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What waits are measured by, and how they are waited.
 *
 * @param nanos for differences only, nanoseconds
 * @param sleeper waits
 */
record Time(LongSupplier nanos, Sleeper sleeper) {

    private static final Duration LONGEST = Duration.ofDays(365);

    /** The machine's. */
    static Time system() {
        return new Time(System::nanoTime, TimeUnit.NANOSECONDS::sleep);
    }

    /** Waits. */
    @FunctionalInterface
    interface Sleeper {
        void sleep(long nanos) throws InterruptedException;
    }

    long now() {
        return nanos.getAsLong();
    }

    /** Until when something is waited for that is waited for so long. */
    Deadline in(Duration timeout) {
        return new Deadline(this, now() + (timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout).toNanos());
    }

    /**
     * Until when something is waited for.
     *
     * @param at by {@link Time#nanos}
     */
    record Deadline(Time time, long at) {

        /** What is left; zero when it is over. */
        Duration left() {
            return Duration.ofNanos(Math.max(0, at - time.now()));
        }

        /** What is left, but not more than that. */
        Duration left(Duration most) {
            Duration left = left();
            return left.compareTo(most) < 0 ? left : most;
        }

        boolean isOver() {
            return at - time.now() <= 0;
        }
    }
}
