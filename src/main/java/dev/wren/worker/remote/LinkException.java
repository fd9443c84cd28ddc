package dev.wren.worker.remote;

import java.io.IOException;

/** What an invocation links to cannot be had, or not be put: tried as often as is worth while. */
public final class LinkException extends IOException {

    private static final long serialVersionUID = 1L;

    LinkException(String message) {
        super(message);
    }

    LinkException(String message, Throwable cause) {
        super(message, cause);
    }
}
