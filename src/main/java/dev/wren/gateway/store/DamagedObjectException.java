package dev.wren.gateway.store;

import org.jspecify.annotations.Nullable;

/** A stored object is not what was written. It harms only what it belongs to. */
public final class DamagedObjectException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String key;

    public DamagedObjectException(String key, String what, @Nullable Throwable cause) {
        super(key + ": " + what, cause);
        this.key = key;
    }

    /** The damaged object. */
    public String key() {
        return key;
    }
}
