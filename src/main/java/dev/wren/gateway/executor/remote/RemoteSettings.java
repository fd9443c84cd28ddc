package dev.wren.gateway.executor.remote;

import dev.wren.gateway.limits.ByteRange;
import dev.wren.protocol.remote.RemoteInvocation;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What holds for all executors with workers far away.
 *
 * @param reportsQueue name of the queues of reports: that of shard n is {@code <name>-<n>}; made where it is missing and
 * that is permitted
 * @param receivers requests for reports at once where there are many, beyond the one of each queue
 * @param maxUndeleted messages that were received and whose reports are not durable yet; no more are received then
 * @param visibility how long a message that was received is not given out again
 * @param requestTimeout of one try of a request to the queue, beyond the wait for messages
 * @param failureGrace how long what was said before a worker's end is waited for, once its end is known
 * @param maxReceives how often an invocation may be given to a machine of a pool, those included that have ended without a
 * word; then its calls are {@code LOST}
 * @param setupTimeout how long loading and constructing a function may take
 * @param inlineLimit bytes of a value's JSON up to which it travels in its report, and in its record
 * @param resultLimit bytes of a value's JSON, at most
 * @param excerptLimit bytes of output shown with the status of a call
 * @param logLimit bytes of output kept; of more, head and tail
 * @param nestingLimit levels of nesting of a datum or value
 */
@Validated
@ConfigurationProperties("wren.remote")
public record RemoteSettings(
        @DefaultValue("wren-reports") @Pattern(regexp = "[A-Za-z0-9_-]{1,70}") String reportsQueue,
        @DefaultValue("8") @Min(1) @Max(256) int receivers,
        @DefaultValue("5000") @Min(10) @Max(100_000) int maxUndeleted,
        @DefaultValue("20s") @DurationMin(seconds = 1) @DurationMax(hours = 12) Duration visibility,
        @DefaultValue("5s") @DurationMin(millis = 1) Duration requestTimeout,
        @DefaultValue("2s") @DurationMin(millis = 1) @DurationMax(seconds = 60) Duration failureGrace,
        @DefaultValue("5") @Min(1) @Max(1000) int maxReceives,
        @DefaultValue("60s") @DurationMin(millis = 1) @DurationMax(minutes = 15) Duration setupTimeout,
        @DefaultValue("64KB") @ByteRange(max = RemoteSettings.MAX_INLINE) DataSize inlineLimit,
        @DefaultValue("64MB") @ByteRange(max = Integer.MAX_VALUE) DataSize resultLimit,
        @DefaultValue("8KB") @ByteRange(max = RemoteSettings.MAX_EXCERPT) DataSize excerptLimit,
        @DefaultValue("1MB") @ByteRange(max = RemoteSettings.MAX_LOG) DataSize logLimit,
        @DefaultValue("1000") @Min(1) @Max(100_000) int nestingLimit) {

    /** A message of SQS has at most 1 MiB, and a byte of UTF-8 is at most 6 of ASCII in it. */
    static final long MAX_INLINE = 128 << 10;
    static final long MAX_EXCERPT = 16 << 10;
    static final long MAX_LOG = 64 << 20;

    /** The limits that workers are given. */
    RemoteInvocation.Limits limits() {
        return new RemoteInvocation.Limits((int) inlineLimit.toBytes(), (int) resultLimit.toBytes(),
                (int) excerptLimit.toBytes(), (int) logLimit.toBytes(), nestingLimit, (int) setupTimeout.toMillis(),
                maxReceives);
    }
}
