package dev.wren.worker.standalone;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** What a whole machine has to do: it is idle only when nobody on it has anything. Safe for use by several threads. */
final class Load {

    private final LongSupplier nanos;
    private int running;
    private long calls;
    private long idleSince;

    /**
     * Nothing to do yet.
     *
     * @param nanos a clock for durations
     */
    Load(LongSupplier nanos) {
        this.nanos = nanos;
        this.idleSince = nanos.getAsLong();
    }

    synchronized void begin() {
        running++;
    }

    synchronized void end(int ended) {
        calls += ended;
        running--;
        if (running == 0) {
            idleSince = nanos.getAsLong();
            notifyAll();
        }
    }

    /** Invocations under way. */
    synchronized int running() {
        return running;
    }

    /** Calls that have ended. */
    synchronized long calls() {
        return calls;
    }

    /** How long there has been nothing to do; nothing while there is. */
    synchronized Optional<Duration> idle() {
        return running > 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos.getAsLong() - idleSince));
    }

    /** Waits until nothing is under way, for {@code most} at most. Returns whether nothing is. */
    synchronized boolean awaitNothing(Duration most) throws InterruptedException {
        long until = nanos.getAsLong() + most.toNanos();
        long left = most.toNanos();
        while (running > 0 && left > 0) {
            wait(Math.max(1, Math.min(1000, left / 1_000_000)));
            left = until - nanos.getAsLong();
        }
        return running == 0;
    }
}
