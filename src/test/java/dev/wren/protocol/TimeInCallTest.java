package dev.wren.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.TestClock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimeInCallTest {

    private static final Duration HOURS = Duration.ofHours(2);

    private final TestClock clock = new TestClock();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final TimeInCall time = new TimeInCall(clock, nanos::get);

    private void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
        clock.advance(duration);
    }

    @Test
    void what_was_begun_between_two_looks_is_timed_by_the_time_of_day() {
        pass(Duration.ofSeconds(7));
        Progress.Point call = new Progress.Point(3, clock.millis());
        pass(Duration.ofSeconds(2));
        assertThat(time.at(call)).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(3));
        pass(Duration.ofSeconds(5));
        assertThat(time.at(call)).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(8));
    }

    @Test
    void a_clock_that_is_set_forward_makes_no_call_too_slow() {
        Progress.Point call = new Progress.Point(0, clock.millis());
        clock.advance(HOURS);
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(time.at(call)).isEqualTo(Duration.ofSeconds(1));
        clock.advance(HOURS);
        assertThat(time.at(call)).isEqualTo(Duration.ofSeconds(1));
        Progress.Point next = new Progress.Point(1, clock.millis() - HOURS.toMillis());
        nanos.addAndGet(Duration.ofSeconds(3).toNanos());
        assertThat(time.at(next)).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void a_clock_that_is_set_back_makes_no_call_endless() {
        Progress.Point call = new Progress.Point(0, clock.millis());
        clock.advance(HOURS.negated());
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(time.at(call)).isZero();
        nanos.addAndGet(Duration.ofSeconds(9).toNanos());
        assertThat(time.at(call)).isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void any_time_that_a_worker_writes_is_believed_within_bounds() {
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(time.at(new Progress.Point(0, Long.MIN_VALUE))).isLessThanOrEqualTo(Duration.ofSeconds(1));
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(time.at(new Progress.Point(0, Long.MAX_VALUE))).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }
}
