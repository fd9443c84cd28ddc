package dev.wren.gateway.store;

/** A bucket may not be used for what was asked. */
public final class BucketException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Says why, for the one who asked. */
    public BucketException(String message) {
        super(message);
    }
}
