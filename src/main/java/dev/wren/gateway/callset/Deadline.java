package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;

/**
 * A moment that somebody waits for at most.
 *
 * @param ticker the time
 * @param nanos the moment, by the ticker
 */
public record Deadline(Ticker ticker, long nanos) {

    /** Longer waits than this are as long as this: nanoseconds are counted in 64 bits. */
    private static final Duration LONGEST = Duration.ofDays(1);

    /** The moment after {@code timeout}, from now. */
    public static Deadline in(Duration timeout, Ticker ticker) {
        Duration bounded = timeout.compareTo(LONGEST) < 0 ? timeout : LONGEST;
        return new Deadline(ticker, ticker.read() + bounded.toNanos());
    }

    /** The time until then; zero when it has passed. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - ticker.read()));
    }
}
