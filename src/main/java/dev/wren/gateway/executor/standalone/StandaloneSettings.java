package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.limits.ByteRange;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of one pool of machines, under {@code wren.executors.<name>}. It is there once one of them is given.
 *
 * @param queue name of its queue of work, and of the pool; made where it is missing and that is permitted
 * @param maxInFlight calls sent and not ended, at most: the rest waits in the gateway, where it can be cancelled
 * @param inlineData bytes of data, together, up to which they travel in the message; more are read from the store by the
 * worker. SQS takes 1 MiB
 * @param chunkData bytes of data, together, that one invocation is to read from the store, except for a single larger
 * datum
 * @param requests requests to the queue at once
 * @param requestTimeout of one try of a request
 * @param startTimeout how long an invocation may wait in the queue until a machine has room for it; then it is sent again
 * @param grace how long reports may take beyond {@code startTimeout} and the calls' own time limits; then the calls are
 * lost, and sent again
 * @param visibility after which an invocation is given to another machine when the one that has it is silent
 * @param drainTime how long calls may go on for on a machine that is drained
 * @param ec2 whether the pool has instances of EC2; else all its machines join by themselves
 * @param launchTemplate name of EC2's launch template for its instances
 * @param instanceType of instances that are launched without saying one
 * @param maxIdleTime how long an instance has nothing to do before it ends itself, unless a launch says otherwise
 * @param idleTerminateGranularity an instance ends itself in the last 5% of such a span of its uptime, unless a launch says
 * otherwise
 * @param parallelism invocations that an instance runs at once, unless a launch says otherwise; where it is not given as
 * many as it has cores
 * @param maxInstances instances of EC2 at once, at most
 * @param maxHourlyCost dollars that all instances may cost in an hour, at most; no limit where it is not given
 * @param hourlyPrices dollars an hour by instance type, for that limit
 * @param ec2Timeout of one try of a request to EC2
 * @param lookEvery between two looks at the pool
 * @param bootTimeout after which an instance is ended that was launched and never heard of
 * @param silentAfter after which a machine is shown as silent
 * @param endAfter after which a silent instance is ended
 * @param drainGrace how long an instance has to end itself beyond {@code drainTime}
 * @param forgetAfter how long a machine is shown that has ended, or is silent
 * @param scaling launches and ends instances by itself; off unless {@code max} is more than 0
 */
@Validated
@ConfigurationProperties("wren.executors.standalone")
record StandaloneSettings(@DefaultValue("wren-pool") @Pattern(regexp = "[A-Za-z0-9_-]{1,80}") String queue,
        @DefaultValue("1000") @Min(1) @Max(100_000) int maxInFlight,
        @DefaultValue("200KB") @ByteRange(min = 0, max = StandaloneSettings.MAX_INLINE) DataSize inlineData,
        @DefaultValue("64MB") @ByteRange(max = Integer.MAX_VALUE) DataSize chunkData,
        @DefaultValue("8") @Min(1) @Max(256) int requests,
        @DefaultValue("10s") @DurationMin(millis = 1) Duration requestTimeout,
        @DefaultValue("1h") @DurationMin(millis = 1) @DurationMax(days = 3) Duration startTimeout,
        @DefaultValue("5m") @DurationMin(millis = 1) Duration grace,
        @DefaultValue("60s") @DurationMin(seconds = 1) @DurationMax(hours = 12) Duration visibility,
        @DefaultValue("2m") @DurationMax(hours = 12) Duration drainTime,
        @DefaultValue("true") boolean ec2,
        @DefaultValue("wren-standalone") @NotEmpty String launchTemplate,
        @DefaultValue("m4.4xlarge") @Pattern(regexp = StandaloneSettings.TYPE) String instanceType,
        @DefaultValue("60") @DurationUnit(ChronoUnit.SECONDS) @DurationMax(days = 366) Duration maxIdleTime,
        @DefaultValue("3600") @DurationUnit(ChronoUnit.SECONDS) @DurationMin(seconds = 1) @DurationMax(
                days = 366) Duration idleTerminateGranularity,
        @Nullable @Min(1) @Max(1024) Integer parallelism,
        @DefaultValue("1000") @Min(0) @Max(100_000) int maxInstances,
        @Nullable @PositiveOrZero BigDecimal maxHourlyCost,
        @DefaultValue Map<String, BigDecimal> hourlyPrices,
        @DefaultValue("30s") @DurationMin(millis = 1) Duration ec2Timeout,
        @DefaultValue("15s") @DurationMin(millis = 100) Duration lookEvery,
        @DefaultValue("10m") @DurationMin(millis = 1) Duration bootTimeout,
        @DefaultValue("45s") @DurationMin(millis = 1) Duration silentAfter,
        @DefaultValue("10m") @DurationMin(millis = 1) Duration endAfter,
        @DefaultValue("2m") @DurationMin(millis = 1) Duration drainGrace,
        @DefaultValue("1h") @DurationMin(millis = 1) Duration forgetAfter,
        @DefaultValue @Valid Scaling scaling) {

    /** SQS takes 1 MiB; a byte of UTF-8 is at most 3 of ASCII in JSON that is a text in JSON. */
    static final long MAX_INLINE = 300 << 10;
    /** What a type of EC2's instances looks like. */
    static final String TYPE = "[a-z0-9][a-z0-9.-]{1,40}";

    StandaloneSettings {
        hourlyPrices = Map.copyOf(hourlyPrices);
    }

    /**
     * When instances are launched and ended by the gateway itself.
     *
     * @param min instances that there are always
     * @param max instances that it launches, at most; 0: it launches none
     * @param targetCalls calls in the queue and under way for each instance
     * @param coolDown between two changes
     * @param spotPrice dollars an hour at most, for instances that may be taken away; where it is not given, others
     */
    record Scaling(@DefaultValue("0") @Min(0) @Max(100_000) int min, @DefaultValue("0") @Min(0) @Max(100_000) int max,
            @DefaultValue("16") @Min(1) int targetCalls,
            @DefaultValue("2m") @DurationMin(millis = 1) Duration coolDown,
            @Nullable @Positive BigDecimal spotPrice) {

        boolean isOn() {
            return max > 0;
        }
    }
}
