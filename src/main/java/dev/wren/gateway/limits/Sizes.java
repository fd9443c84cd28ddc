package dev.wren.gateway.limits;

import org.springframework.util.unit.DataSize;

/** Checks of sizes in settings, for which validation has no constraint. */
public final class Sizes {

    private Sizes() {
    }

    /**
     * Refuses sizes that are no sizes.
     *
     * @param prefix of the settings
     * @throws IllegalArgumentException where one is not at least a byte
     */
    public static void require(String prefix, DataSize... sizes) {
        for (DataSize size : sizes) {
            if (size.toBytes() < 1) {
                throw new IllegalArgumentException(prefix + ": a size is at least one byte, not " + size);
            }
        }
    }
}
