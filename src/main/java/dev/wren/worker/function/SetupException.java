package dev.wren.worker.function;

import dev.wren.protocol.CallError;

/** A function cannot be made ready; every call that needs it fails with {@link #error}. */
public final class SetupException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient CallError error;

    SetupException(CallError error, Throwable cause) {
        super(error.message(), cause);
        this.error = error;
    }

    SetupException(CallError error) {
        super(error.message());
        this.error = error;
    }

    /** What callers are told. */
    public CallError error() {
        return error;
    }
}
