package dev.wren.worker.function;

import dev.wren.worker.binding.Binder;
import dev.wren.worker.binding.CallInfo;
import org.jspecify.annotations.Nullable;

/**
 * A user's function in the one form in which it is applied.
 *
 * @param binder between its types and JSON
 * @param body its code
 */
record Handler(Binder binder, Body body) {

    /** Applies a function, and lets through whatever it throws. */
    @FunctionalInterface
    interface Body {
        @Nullable
        Object apply(@Nullable Object datum, CallInfo call) throws Throwable;
    }
}
