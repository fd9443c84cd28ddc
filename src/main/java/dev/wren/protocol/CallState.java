package dev.wren.protocol;

import java.util.Locale;

/** The states of a call and the table of its transitions. The last three are final. */
public enum CallState {
    /** Durable, and not yet handed to an executor. */
    NEW,
    /** Handed to an executor; a call that is tried again comes back here. */
    INVOKED,
    /** A worker is applying the function. */
    RUNNING,
    /** Final: there is a value. */
    SUCCESS,
    /** Final: there is an error. */
    ERROR,
    /** Final: somebody cancelled it. */
    CANCELLED;

    /** Whether a call in this state may be in {@code next} afterwards. */
    public boolean canBecome(CallState next) {
        return switch (this) {
            case NEW -> next != NEW;
            case INVOKED -> next != NEW;
            case RUNNING -> next != NEW && next != RUNNING;
            case SUCCESS, ERROR, CANCELLED -> false;
        };
    }

    /** Whether the state never changes again. */
    public boolean isFinal() {
        return switch (this) {
            case NEW, INVOKED, RUNNING -> false;
            case SUCCESS, ERROR, CANCELLED -> true;
        };
    }

    /** The state's name as callers see it: lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
