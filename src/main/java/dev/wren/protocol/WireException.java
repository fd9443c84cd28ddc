package dev.wren.protocol;

/** Bytes that are not what the protocol says: a damaged object, or a peer of another make. */
public final class WireException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }
}
