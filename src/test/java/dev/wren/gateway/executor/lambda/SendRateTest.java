package dev.wren.gateway.executor.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class SendRateTest {

    private long now = 1_000;
    private final Random random = new Random(18);
    private final SendRate rate = new SendRate(() -> now, random);

    /** Sends as fast as it may, for so long, but no faster than 2,000 a second; how many were accepted. */
    private int send(int seconds, BooleanSupplier accepts) {
        long end = now + TimeUnit.SECONDS.toNanos(seconds);
        int accepted = 0;
        while (now < end) {
            now += Math.max(TimeUnit.SECONDS.toNanos(1) / 2_000, rate.turn());
            if (accepts.getAsBoolean()) {
                rate.accepted();
                accepted++;
            } else {
                rate.refused(Duration.ZERO);
            }
        }
        return accepted;
    }

    /** A service that takes so many in a second, and refuses more. */
    private BooleanSupplier limit(int aSecond) {
        double[] tokens = {0, now};
        return () -> {
            tokens[0] = Math.min(aSecond / 10.0, tokens[0] + (now - tokens[1]) * aSecond / 1e9);
            tokens[1] = now;
            if (tokens[0] < 1) {
                return false;
            }
            tokens[0]--;
            return true;
        };
    }

    @Test
    void there_is_no_limit_until_one_is_refused() {
        assertThat(send(2, () -> true)).isEqualTo(4_000);
        assertThat(rate.rate()).isInfinite();
    }

    @Test
    void it_follows_a_limit_down_and_up() {
        send(5, limit(500));
        assertThat(send(5, limit(500))).isGreaterThan(5 * 500 * 9 / 10);
        assertThat(rate.rate()).isBetween(450.0, 1_100.0);
        send(1, limit(50));
        assertThat(rate.rate()).isLessThan(120);
        send(2, limit(1_000));
        assertThat(send(5, limit(1_000))).isGreaterThan(5 * 1_000 * 8 / 10);
    }

    /** A tenth that is refused at random says nothing of a limit. */
    @Test
    void refusals_at_random_do_not_slow_it_down_to_nothing() {
        send(3, () -> random.nextInt(10) > 0);
        assertThat(send(10, () -> random.nextInt(10) > 0)).isGreaterThan(10 * 2_000 * 9 / 10 / 4);
    }

    @Test
    void what_accepts_nothing_is_asked_less_and_less_and_then_as_fast_as_before() {
        send(10, () -> false);
        assertThat(rate.rate()).isEqualTo(4);
        send(4, () -> true);
        assertThat(send(1, () -> true)).isGreaterThan(1_500);
        send(10, () -> true);
        assertThat(rate.rate()).isInfinite();
    }

    @Test
    void it_waits_as_long_as_lambda_says() {
        rate.refused(Duration.ofSeconds(2));
        assertThat(rate.turn()).isBetween(TimeUnit.SECONDS.toNanos(2), TimeUnit.SECONDS.toNanos(3));
    }
}
