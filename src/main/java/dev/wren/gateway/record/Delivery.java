package dev.wren.gateway.record;

import org.jspecify.annotations.Nullable;

/**
 * What became of the results that were to be written somewhere. Written once.
 *
 * @param state how it ended
 * @param reason why it failed, for the caller; null if it did not
 * @param parts objects that were written, besides the manifest
 */
public record Delivery(State state, @Nullable String reason, int parts) {

    /** How it may end. */
    public enum State {
        WRITTEN,
        FAILED
    }
}
