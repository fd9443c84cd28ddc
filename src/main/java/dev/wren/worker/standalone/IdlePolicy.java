package dev.wren.worker.standalone;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When a machine that has nothing to do ends itself: it is paid for by whole spans of its uptime, so it ends in the last
 * 5% of one.
 *
 * @param maxIdle how long it has nothing to do before; null: it never ends itself
 * @param granularity the span, more than 0
 */
record IdlePolicy(@Nullable Duration maxIdle, Duration granularity) {

    private static final double LAST = 0.95;

    IdlePolicy {
        if (!granularity.isPositive() || (maxIdle != null && maxIdle.isNegative())) {
            throw new IllegalArgumentException("a granularity of " + granularity + ", idle for " + maxIdle);
        }
    }

    /**
     * How long it stays if nothing comes; nothing if it stays for good.
     *
     * @param uptime since the machine was launched
     * @param idle since it had something to do; nothing while it has
     */
    Optional<Duration> untilEnd(Duration uptime, Optional<Duration> idle) {
        Duration most = maxIdle;
        if (most == null || idle.isEmpty()) {
            return Optional.empty();
        }
        long span = granularity.toNanos();
        long first = (long) (span * LAST);
        long wait = Math.max(0, most.minus(idle.get()).toNanos());
        long phase = (uptime.toNanos() + wait) % span;
        return Optional.of(Duration.ofNanos(phase >= first ? wait : wait + first - phase));
    }
}
