package dev.wren.worker.function;

/** A handler's name does not fit what is in the jar. */
final class NoSuchHandlerException extends Exception {

    private static final long serialVersionUID = 1L;

    NoSuchHandlerException(String message) {
        super(message);
    }

    NoSuchHandlerException(String message, Throwable cause) {
        super(message, cause);
    }
}
