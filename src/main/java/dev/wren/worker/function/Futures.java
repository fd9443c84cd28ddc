package dev.wren.worker.function;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Values that are still being made. */
final class Futures {

    /** Futures of futures. */
    private static final int DEPTH = 16;

    private Futures() {
    }

    /**
     * What a future comes to, which is waited for; anything else is itself. Whoever runs the call watches its time.
     *
     * @throws Throwable what the future has failed with
     */
    static @Nullable Object value(@Nullable Object result) throws Throwable {
        Object value = result;
        for (int i = 0; i < DEPTH; i++) {
            // A stage first: there are some that are futures too, and refuse to be asked.
            Future<?> future = value instanceof CompletionStage<?> stage
                    ? stage.toCompletableFuture()
                    : value instanceof Future<?> given ? given : null;
            if (future == null) {
                return value;
            }
            try {
                value = future.get();
            } catch (ExecutionException e) {
                throw e.getCause() != null ? e.getCause() : e;
            }
        }
        return value;
    }
}
