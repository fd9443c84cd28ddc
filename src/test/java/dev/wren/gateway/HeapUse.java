package dev.wren.gateway;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.function.Supplier;

/** What objects take of the heap, as the JVM counts it. */
public final class HeapUse {

    private static final int MOST = 40;
    private static final int STEADY = 4;
    private static final long NOISE = 16 << 10;

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

    /** What is used once it falls no more: what earlier tests have left may go meanwhile. */
    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0, same = 0; i < MOST && same < STEADY; i++) {
            System.gc();
            long now = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            same = now < least - NOISE ? 0 : same + 1;
            least = Math.min(least, now);
        }
        return least;
    }
}
