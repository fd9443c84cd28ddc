package dev.wren.gateway.store;

import java.io.Serial;

/** Another gateway uses the store. */
public final class StoreInUseException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Says so.
     *
     * @param store which one
     * @param holder who uses it; blank where that is not known
     */
    public StoreInUseException(String store, String holder) {
        super("the store " + store + " is in use by " + (holder.isBlank() ? "another gateway" : holder)
                + "; one gateway at a time uses a store");
    }
}
