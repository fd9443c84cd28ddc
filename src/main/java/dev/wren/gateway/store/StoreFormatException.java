package dev.wren.gateway.store;

import java.io.Serial;

/** The store is of a format that this gateway does not know. */
public final class StoreFormatException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    StoreFormatException(String store, int version, int known) {
        super("the store " + store + " is of format " + version + ", which a newer gateway has written; this one reads "
                + "formats up to " + known + ": use the newer one");
    }
}
