package dev.wren.gateway.executor.lambda;

import dev.wren.gateway.limits.ByteRange;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of one executor on AWS Lambda, under {@code wren.executors.<name>}. It is there once one of them is given.
 *
 * @param functions names or ARNs, with a qualifier where wanted, of functions that run {@code wren-lambda.jar}. Those with
 * as much memory as the first are used in turn; others are for maps that ask for {@code memory}
 * @param maxInFlight calls invoked and not ended, at most; where it is not given as many as the account or the functions
 * may run at once
 * @param inlineData bytes of data, together, up to which they travel in the invocation; more are read from the store by
 * the worker. Lambda takes 1 MB
 * @param chunkData bytes of data, together, that one invocation is to read from the store, except for a single larger
 * datum
 * @param invocationType {@code event}: reports come by the queue; {@code request-response}: they are the answer, and an
 * invocation takes a connection while it runs
 * @param requests requests to Lambda at once
 * @param connectTimeout of a connection
 * @param requestTimeout of one try of a request, beyond the run of a {@code request-response}
 * @param startTimeout how long an invocation may wait in Lambda's queue: the functions' {@code MaximumEventAgeInSeconds}
 * is to be that
 * @param grace how long reports may take beyond {@code startTimeout} and the functions' own time limit; then the calls are
 * lost, and sent again
 * @param retryBase the wait after a first refusal, on average; doubled for each further one of the same chunk
 * @param retryCap the longest wait after a refusal
 * @param lookEvery how often it is looked at whether the functions are ready
 * @param overridable settings that a map may override by {@code config}: of {@code memory}
 */
@Validated
@ConfigurationProperties("wren.executors.lambda")
record LambdaSettings(@DefaultValue("wren-worker") @NotEmpty List<String> functions,
        @Nullable @Min(1) Integer maxInFlight,
        @DefaultValue("200KB") @ByteRange(min = 0, max = LambdaSettings.MAX_INLINE) DataSize inlineData,
        @DefaultValue("16MB") @ByteRange(max = Integer.MAX_VALUE) DataSize chunkData,
        @DefaultValue("event") InvocationType invocationType,
        @DefaultValue("128") @Min(1) @Max(10_000) int requests,
        @DefaultValue("2s") @DurationMin(millis = 1) Duration connectTimeout,
        @DefaultValue("10s") @DurationMin(millis = 1) Duration requestTimeout,
        @DefaultValue("300s") @DurationMin(millis = 1) @DurationMax(hours = 6) Duration startTimeout,
        @DefaultValue("30s") @DurationMin(millis = 1) Duration grace,
        @DefaultValue("100ms") @DurationMin(millis = 1) Duration retryBase,
        @DefaultValue("20s") @DurationMin(millis = 1) Duration retryCap,
        @DefaultValue("30s") @DurationMin(millis = 100) Duration lookEvery,
        @DefaultValue("memory") Set<String> overridable) {

    /** Lambda takes 1 MB; a byte of UTF-8 is at most 3 of ASCII in JSON that is a text in JSON. */
    static final long MAX_INLINE = 300 << 10;

    /** How an invocation is made. */
    enum InvocationType {
        EVENT,
        REQUEST_RESPONSE
    }

    LambdaSettings {
        functions = List.copyOf(functions);
        overridable = Set.copyOf(overridable);
    }

    boolean isEvent() {
        return invocationType == InvocationType.EVENT;
    }
}
