package dev.wren.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoadTest {

    /** PyWren's pool: one idle process shut its busy siblings down. */
    @Test
    void a_machine_is_idle_only_when_all_of_it_is() {
        AtomicLong nanos = new AtomicLong();
        Load load = new Load(nanos::get);
        nanos.addAndGet(Duration.ofSeconds(7).toNanos());
        assertThat(load.idle()).contains(Duration.ofSeconds(7));
        for (int seat = 0; seat < 4; seat++) {
            load.begin();
        }
        for (int seat = 0; seat < 3; seat++) {
            load.end(1);
            nanos.addAndGet(Duration.ofHours(2).toNanos());
            assertThat(load.idle()).isEmpty();
        }
        load.end(2);
        assertThat(load.idle()).contains(Duration.ZERO);
        nanos.addAndGet(Duration.ofSeconds(3).toNanos());
        assertThat(load.idle()).contains(Duration.ofSeconds(3));
        assertThat(load.calls()).isEqualTo(5);
    }
}
