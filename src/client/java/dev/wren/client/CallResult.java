package dev.wren.client;

import org.jspecify.annotations.Nullable;

/**
 * What a call has come to.
 *
 * @param callId its id in the map
 * @param state {@link CallState#SUCCESS}, {@link CallState#ERROR} or {@link CallState#CANCELLED}
 * @param result the value; null where there is none
 * @param failure why there is none; null where there is one
 */
public record CallResult<R extends @Nullable Object>(String callId, CallState state, @Nullable R result,
        @Nullable RuntimeException failure) {

    /**
     * The value.
     *
     * @throws FunctionException if the call has failed
     * @throws java.util.concurrent.CancellationException if it was cancelled
     */
    public @Nullable R value() {
        if (failure != null) {
            throw failure;
        }
        return result;
    }
}
