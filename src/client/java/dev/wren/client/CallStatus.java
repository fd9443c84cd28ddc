package dev.wren.client;

import dev.wren.client.generated.model.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * What a worker has told of a call's last attempt.
 *
 * @param attempt its number, from 1
 * @param startTime when the function was applied; null where it was not
 * @param endTime when it had ended
 * @param setupTime that it took to have the function ready
 * @param execTime that the function took
 * @param runtimeCached whether the JVM was warm, with the function's classes in it
 * @param workerId of the worker
 * @param exitCode of the process, if it ended in this call; else null
 */
public record CallStatus(int attempt, @Nullable Instant startTime, @Nullable Instant endTime,
        @Nullable Duration setupTime, @Nullable Duration execTime, boolean runtimeCached, @Nullable String workerId,
        @Nullable Integer exitCode) {

    static CallStatus of(Status from) {
        return new CallStatus(from.getAttempt() == null ? 0 : from.getAttempt(), time(from.getStartTime()),
                time(from.getEndTime()), duration(from.getSetupTime()), duration(from.getExecTime()),
                Boolean.TRUE.equals(from.getRuntimeCached()), from.getWorkerId(), from.getExitCode());
    }

    private static @Nullable Instant time(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    private static @Nullable Duration duration(@Nullable Double seconds) {
        return seconds == null ? null : Duration.ofNanos(Math.round(seconds * 1_000_000_000));
    }
}
