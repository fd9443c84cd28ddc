package dev.wren.gateway.executor.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CrewTest {

    @Test
    void there_are_no_more_than_are_wanted() {
        Crew crew = new Crew(2);
        assertThat(crew.join()).isTrue();
        assertThat(crew.join()).isTrue();
        assertThat(crew.join()).isFalse();
        assertThat(crew.size()).isEqualTo(2);
    }

    /** Who finds nothing to do goes; of those who find it at once, one stays. */
    @Test
    void somebody_stays_when_all_want_to_go_at_once() throws Exception {
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            CyclicBarrier together = new CyclicBarrier(2);
            for (int round = 0; round < 20_000; round++) {
                Crew crew = new Crew(8);
                crew.join();
                crew.join();
                Future<Boolean> gone = other.submit(() -> {
                    together.await();
                    return crew.leave();
                });
                together.await();
                boolean both = crew.leave() & gone.get();
                assertThat(both).as("round %d", round).isFalse();
                assertThat(crew.size()).isEqualTo(1);
            }
        }
    }
}
