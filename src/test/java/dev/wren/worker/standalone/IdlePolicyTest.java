package dev.wren.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdlePolicyTest {

    private static final IdlePolicy HOURLY = new IdlePolicy(Duration.ofSeconds(60), Duration.ofHours(1));

    /** An hour's last 5% begin at 3420 s. */
    @ParameterizedTest
    @CsvSource({"0,0,3420", "3419,60,1", "3420,60,0", "3599,60,0", "3600,60,3420", "3599,100,0", "3420,0,60",
            "3400,0,60",
            "3300,0,120", "3550,0,3470", "7100,70,0", "7000,1000,20"})
    void it_ends_idle_and_in_the_last_part_of_what_is_paid(long uptime, long idle, long expected) {
        assertThat(HOURLY.untilEnd(Duration.ofSeconds(uptime), Optional.of(Duration.ofSeconds(idle))))
                .contains(Duration.ofSeconds(expected));
    }

    @Test
    void what_is_busy_or_has_no_limit_stays() {
        assertThat(HOURLY.untilEnd(Duration.ofSeconds(3500), Optional.empty())).isEmpty();
        assertThat(new IdlePolicy(null, Duration.ofHours(1)).untilEnd(Duration.ofSeconds(3500),
                Optional.of(Duration.ofDays(1)))).isEmpty();
    }
}
