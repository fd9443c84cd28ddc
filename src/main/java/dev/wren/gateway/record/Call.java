package dev.wren.gateway.record;

import dev.wren.protocol.CallState;
import dev.wren.protocol.Report;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call at one moment.
 *
 * @param index from 0
 * @param state its state
 * @param attempts how many have been begun
 * @param attemptLog what each attempt that has ended came to, oldest first
 * @param report what the last attempt that ended came to; null while none has
 * @param invokedAt when the last attempt was handed to the executor; null while none was
 */
public record Call(int index, CallState state, int attempts, List<Attempt> attemptLog, @Nullable Report report,
        @Nullable Instant invokedAt) {

    public Call {
        attemptLog = List.copyOf(attemptLog);
    }

    /** An attempt that has ended. */
    public record Attempt(Report report, Instant invokedAt) {
    }
}
