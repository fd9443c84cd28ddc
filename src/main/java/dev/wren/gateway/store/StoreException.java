package dev.wren.gateway.store;

import org.jspecify.annotations.Nullable;

/** The store did not answer as it should. The same request may succeed later. */
public class StoreException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
