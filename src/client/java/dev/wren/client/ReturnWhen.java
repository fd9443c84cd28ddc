package dev.wren.client;

/** When a wait is over. */
public enum ReturnWhen {
    /** When all calls have ended. */
    ALL_COMPLETED,
    /** When at least one has. */
    ANY_COMPLETED,
    /** At once. */
    ALWAYS
}
