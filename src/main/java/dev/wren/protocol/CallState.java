package dev.wren.protocol;

import java.util.List;
import java.util.Locale;

/** The states of a call and the table of its transitions. The last three are final. */
public enum CallState {
    /** Durable, and not yet handed to an executor. */
    NEW(0),
    /** Handed to an executor; a call that is tried again comes back here. */
    INVOKED(1),
    /** A worker is applying the function. */
    RUNNING(2),
    /** Final: there is a value. */
    SUCCESS(3),
    /** Final: there is an error. */
    ERROR(4),
    /** Final: somebody cancelled it. */
    CANCELLED(5);

    private static final List<CallState> ALL = List.of(values());

    private final int code;
    private final String label;

    CallState(int code) {
        this.code = code;
        this.label = name().toLowerCase(Locale.ROOT);
    }

    /** The state's number on the wire and in the log. */
    public int code() {
        return code;
    }

    /**
     * The state of that number.
     *
     * @throws WireException when there is none
     */
    public static CallState of(int code) {
        for (CallState state : ALL) {
            if (state.code == code) {
                return state;
            }
        }
        throw new WireException("no state has the number " + code);
    }

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
        return label;
    }
}
