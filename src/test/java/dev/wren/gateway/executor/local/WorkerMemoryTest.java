package dev.wren.gateway.executor.local;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.util.unit.DataSize;

/** The heaps of all workers and the gateway's fit into a container, from as little as makes sense. */
class WorkerMemoryTest {

    @ParameterizedTest
    @CsvSource({"512, 128, 2", "1024, 256, 2", "2048, 512, 4", "4096, 1024, 2", "24000, 6000, 2", "64000, 16000, 32"})
    void all_of_them_fit(long megabytes, long gateway, int workers) {
        WorkerMemory memory = new WorkerMemory(megabytes << 20, gateway << 20);
        DataSize heap = memory.heap(workers);
        assertThat(heap.toMegabytes()).isBetween(32L, 512L);
        long processes = Math.max(workers, Math.min(2L * workers, memory.processes(heap)));
        // The spare one too.
        assertThat(gateway + (processes + 1) * heap.toMegabytes()).isLessThanOrEqualTo(megabytes);
    }

    @ParameterizedTest
    @CsvSource({"24000, 6000, 2, 512", "1024, 256, 2, 128"})
    void there_is_as_much_as_there_is_room_for(long megabytes, long gateway, int workers, long least) {
        assertThat(new WorkerMemory(megabytes << 20, gateway << 20).heap(workers).toMegabytes())
                .isGreaterThanOrEqualTo(least);
    }
}
