package dev.wren.gateway.view;

/** What a wait waits for. */
public enum ReturnWhen {
    /** All calls have ended. */
    ALL_COMPLETED,
    /** At least one call has ended. */
    ANY_COMPLETED,
    /** Nothing: it tells the state as it is. */
    ALWAYS
}
