package dev.wren.gateway.executor.local;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.springframework.util.unit.DataSize;

/**
 * How much memory there is for worker JVMs: that of the machine, or of the container, without what the gateway itself
 * may take.
 *
 * @param total of the machine or container, bytes
 * @param gateway the gateway's heap, at most
 */
record WorkerMemory(long total, long gateway) {

    /** What the gateway takes besides its heap, and a worker besides its own: measured, rounded up. */
    private static final long BESIDES = 96L << 20;
    private static final long MOST = 512L << 20;
    private static final long LEAST = 32L << 20;

    static WorkerMemory here() {
        long total = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        return new WorkerMemory(total, Runtime.getRuntime().maxMemory());
    }

    private long forWorkers() {
        return Math.max(0, total - gateway - BESIDES);
    }

    /** The heap of each, where so many run and a spare one is kept ready. */
    DataSize heap(int workers) {
        long each = forWorkers() / (workers + 1) - BESIDES;
        long megabytes = Math.max(LEAST, Math.min(MOST, each)) >> 20;
        return DataSize.ofMegabytes(megabytes);
    }

    /** As many as there is room for, besides the spare one. */
    int processes(DataSize heap) {
        return (int) Math.min(10_000, Math.max(0, forWorkers() / (heap.toBytes() + BESIDES) - 1));
    }
}
