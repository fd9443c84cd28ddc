package dev.wren.gateway.limits;

import org.springframework.util.unit.DataSize;

/** Defaults that follow the heap: a gateway that has more of it takes on more. */
public final class Heap {

    private Heap() {
    }

    /** What is configured; where that is zero, one of {@code parts} equal parts of the heap. */
    public static DataSize orPart(DataSize configured, int parts) {
        return configured.toBytes() != 0 ? configured : DataSize.ofBytes(Runtime.getRuntime().maxMemory() / parts);
    }

    /** What is configured; where that is zero, as many of {@code bytes} each as fit into one of {@code parts}. */
    public static int orMany(int configured, int parts, int bytes, int most) {
        return configured > 0
                ? configured
                : (int) Math.max(1, Math.min(most, Runtime.getRuntime().maxMemory() / parts / bytes));
    }
}
