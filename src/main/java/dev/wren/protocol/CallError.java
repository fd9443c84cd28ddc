package dev.wren.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Why a call failed.
 *
 * @param code the kind of failure
 * @param type the class name of what was thrown, or null where nothing was
 * @param message one line for people; never null, possibly empty
 * @param stackTrace the stack trace with its causes, or null where there is none
 */
public record CallError(ErrorCode code, @Nullable String type, String message, @Nullable String stackTrace) {

    /** A failure that no exception belongs to. */
    public static CallError of(ErrorCode code, String message) {
        return new CallError(code, null, message, null);
    }
}
