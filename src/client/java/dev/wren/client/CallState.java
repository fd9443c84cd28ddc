package dev.wren.client;

import java.util.Locale;

/** Where a call is. */
public enum CallState {
    /** It waits for its turn. */
    NEW,
    /** It is on its way to a worker. */
    INVOKED,
    /** A worker runs it. */
    RUNNING,
    /** It has a value. */
    SUCCESS,
    /** It has none, and will have none. */
    ERROR,
    /** It was cancelled. */
    CANCELLED;

    /** Whether it is final. */
    public boolean isFinal() {
        return compareTo(RUNNING) > 0;
    }

    static CallState of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
