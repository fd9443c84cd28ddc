package dev.wren.gateway.callset;

import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What of a callset runs at the moment, as its driver knows it. Safe for use by several threads. */
public interface LiveView {

    /** Nothing runs. */
    LiveView NOTHING = new LiveView() {
        @Override
        public int[] calls() {
            return new int[0];
        }

        @Override
        public boolean isRunning(int call) {
            return false;
        }

        @Override
        public @Nullable Instant invokedAt(int call) {
            return null;
        }

        @Override
        public Optional<InputStream> output(int call) {
            return Optional.empty();
        }
    };

    /** Indexes of the calls that a worker has begun and not yet reported. */
    int[] calls();

    /** Whether the call is one of {@link #calls()}. */
    boolean isRunning(int call);

    /** When a call that is at an executor was handed to it, or null if it is at none. */
    @Nullable
    Instant invokedAt(int call);

    /** What a running call has written so far. */
    Optional<InputStream> output(int call);
}
