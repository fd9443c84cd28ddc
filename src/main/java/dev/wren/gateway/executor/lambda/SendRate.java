package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * How fast invocations are sent: without limit until Lambda refuses one. Then, window by window, a little more than what
 * was accepted in the last one where something was refused in it, and twice as fast where nothing was. So the rate follows
 * a limit that falls at once, finds one that rises within a second, and some that are refused at random cost no more than
 * themselves. Safe for use by several threads.
 */
final class SendRate {

    /** More than was accepted, so that a limit that rises is seen. */
    private static final double MORE = 1.1;
    private static final double UP = 2;
    private static final double DOWN = 0.5;
    private static final double LEAST = 4;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long WINDOW = SECOND / 4;
    /** Without a refusal for so long there is no limit any more. */
    private static final long FORGET = 10 * SECOND;

    private final Ticker ticker;
    private final RandomGenerator random;
    /** Guarded by this, like all that follows. Sendings a second; infinite: no limit. */
    private double rate = Double.POSITIVE_INFINITY;
    /** When the next may be sent. */
    private long next;
    private long refusedAt;
    private long windowFrom;
    private int accepted;
    private int refused;

    SendRate(Ticker ticker, RandomGenerator random) {
        this.ticker = ticker;
        this.random = random;
        this.next = ticker.read();
        this.windowFrom = next;
        this.refusedAt = next;
    }

    /** When the next one may be sent: nanoseconds from now, not negative. The turn is taken. */
    synchronized long turn() {
        long now = ticker.read();
        roll(now);
        if (Double.isInfinite(rate)) {
            return Math.max(0, next - now);
        }
        long at = Math.max(now, next);
        next = at + (long) (SECOND / rate);
        return at - now;
    }

    /** One was accepted. */
    synchronized void accepted() {
        roll(ticker.read());
        accepted++;
    }

    /**
     * One was refused.
     *
     * @param retryAfter when Lambda wants to be asked again; zero where it has not said
     */
    synchronized void refused(Duration retryAfter) {
        long now = ticker.read();
        roll(now);
        refused++;
        refusedAt = now;
        if (!retryAfter.isZero()) {
            // With jitter, so that many gateways do not come back together.
            next = Math.max(next, now + (long) (retryAfter.toNanos() * (1 + random.nextDouble() / 2)));
        }
    }

    /** Begins a new window, where the last one is over. */
    private void roll(long now) {
        long since = now - windowFrom;
        if (since < WINDOW) {
            return;
        }
        if (refused > 0) {
            double seen = (double) accepted * SECOND / since * MORE;
            rate = Math.max(LEAST, accepted > 0 ? seen : Double.isInfinite(rate) ? LEAST : rate * DOWN);
        } else if (!Double.isInfinite(rate)) {
            rate = now - refusedAt > FORGET
                    ? Double.POSITIVE_INFINITY
                    : rate * Math.pow(UP, Math.min(4, (double) since / WINDOW));
        }
        windowFrom = now;
        accepted = 0;
        refused = 0;
    }

    /** Sendings a second; infinite: no limit. */
    synchronized double rate() {
        return rate;
    }
}
