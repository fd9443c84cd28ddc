package dev.wren.worker.function;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/**
 * A user's function in the one form in which it is applied.
 *
 * @param datumType what its first parameter is declared to be
 * @param body its code
 */
record Handler(JavaType datumType, Body body) {

    /** Applies a function, and lets through whatever it throws. */
    @FunctionalInterface
    interface Body {
        @Nullable
        Object apply(@Nullable Object datum, CallInfo call) throws Throwable;
    }
}
