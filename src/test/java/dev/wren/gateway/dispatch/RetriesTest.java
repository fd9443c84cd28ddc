package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.ErrorCode;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetriesTest {

    private final Retries retries = new Retries(Duration.ofMillis(200), Duration.ofSeconds(30), new Random(1));

    @Test
    void waits_double_and_are_spread_from_half_to_one_and_a_half() {
        for (int attempt = 1; attempt <= 6; attempt++) {
            int number = attempt;
            double mean = 200 * Math.pow(2, attempt - 1);
            double[] waits = IntStream.range(0, 1000).mapToDouble(_ -> retries.backoff(number).toNanos() / 1e6)
                    .toArray();
            assertThat(Arrays.stream(waits).min().orElseThrow()).isBetween(0.5 * mean, 0.55 * mean);
            assertThat(Arrays.stream(waits).max().orElseThrow()).isBetween(1.45 * mean, 1.5 * mean);
        }
    }

    @Test
    void waits_are_capped_however_often_it_was_tried() {
        for (int attempt : new int[]{20, 60, Integer.MAX_VALUE}) {
            assertThat(retries.backoff(attempt)).isEqualTo(Duration.ofSeconds(30));
        }
    }

    @Test
    void what_would_fail_again_is_not_tried_again() {
        assertThat(Arrays.stream(ErrorCode.values()).filter(Retries::canHelp)).containsExactlyInAnyOrder(
                ErrorCode.FUNCTION, ErrorCode.OUTATIME, ErrorCode.RETCODE);
    }
}
