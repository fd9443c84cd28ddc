package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * How fast invocations are sent: without limit until Lambda refuses one, then at a part of the rate that was accepted, and
 * faster again with each that is accepted. Refusals of one moment count once. Safe for use by several threads.
 */
final class SendRate {

    /** What is left of the rate after a refusal. */
    private static final double DOWN = 0.7;
    /** How much faster after each second without one. */
    private static final double UP = 1.5;
    private static final double LEAST = 1;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** Refusals within it are of one moment. */
    private static final long MOMENT = TimeUnit.MILLISECONDS.toNanos(100);
    /** Without a refusal for so long there is no limit any more. */
    private static final long FORGET = 30 * SECOND;

    private final Ticker ticker;
    private final RandomGenerator random;
    /** Guarded by this, like all that follows. Sendings a second; infinite: no limit. */
    private double rate = Double.POSITIVE_INFINITY;
    private long next;
    private long refusedAt;
    private long grownAt;
    private long windowFrom;
    private int accepted;
    private double lastRate;

    SendRate(Ticker ticker, RandomGenerator random) {
        this.ticker = ticker;
        this.random = random;
        this.next = ticker.read();
        this.windowFrom = next;
        this.refusedAt = next - FORGET;
    }

    /** When the next one may be sent: nanoseconds from now, not negative. The turn is taken. */
    synchronized long turn() {
        long now = ticker.read();
        grow(now);
        if (Double.isInfinite(rate)) {
            return Math.max(0, next - now);
        }
        long at = Math.max(now, next);
        next = at + (long) (SECOND / rate);
        return at - now;
    }

    private void grow(long now) {
        if (Double.isInfinite(rate)) {
            return;
        }
        if (now - refusedAt > FORGET) {
            rate = Double.POSITIVE_INFINITY;
        } else {
            long since = now - grownAt;
            if (since > MOMENT) {
                rate *= Math.pow(UP, (double) since / SECOND);
                grownAt = now;
            }
        }
    }

    /** One was accepted. */
    synchronized void accepted() {
        long now = ticker.read();
        if (now - windowFrom > SECOND) {
            lastRate = (double) accepted * SECOND / (now - windowFrom);
            windowFrom = now;
            accepted = 0;
        }
        accepted++;
    }

    /**
     * One was refused.
     *
     * @param retryAfter when Lambda wants to be asked again; zero where it has not said
     */
    synchronized void refused(Duration retryAfter) {
        long now = ticker.read();
        if (now - refusedAt > MOMENT) {
            double seen = Math.max(lastRate, (double) accepted * SECOND / Math.max(MOMENT, now - windowFrom));
            rate = Math.max(LEAST, DOWN * Math.min(rate, Math.max(LEAST, seen)));
            grownAt = now;
        }
        refusedAt = now;
        if (!retryAfter.isZero()) {
            // With jitter, so that many gateways do not come back together.
            long wait = (long) (retryAfter.toNanos() * (1 + random.nextDouble() / 2));
            next = Math.max(next, now + wait);
        }
    }

    /** Sendings a second; infinite: no limit. */
    synchronized double rate() {
        return rate;
    }
}
