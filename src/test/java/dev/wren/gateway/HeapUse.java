package dev.wren.gateway;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.function.Supplier;

/** What objects take of the heap, as the JVM counts it. */
public final class HeapUse {

    private HeapUse() {
    }

    /** Bytes that are taken by what {@code maker} makes, and by all that only it refers to. */
    public static long of(Supplier<?> maker) {
        long before = used();
        Object made = maker.get();
        long after = used();
        Reference.reachabilityFence(made);
        return after - before;
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
