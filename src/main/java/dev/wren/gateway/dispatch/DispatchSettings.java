package dev.wren.gateway.dispatch;

import dev.wren.gateway.limits.ByteRange;
import dev.wren.gateway.limits.Heap;
import dev.wren.gateway.store.ObjectStore;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How callsets are driven.
 *
 * @param lostRetries how often a call that the infrastructure lost is sent again before it is {@code LOST}
 * @param retryBase the wait before a second attempt, on average; doubled for each further one
 * @param retryCap the longest wait before an attempt
 * @param chunkBytes bytes of data in one chunk, at most, except for a single larger datum; at most 2 GB
 * @param segmentBytes bytes of one log segment, at most, except for a single larger record; at most 2 GB
 * @param commitThreads segments written at once; 0: 8 where the store is near, 32 where each write takes its time
 * @param backlog bytes of outcomes that are not yet durable, of all callsets; where there are more, no calls are sent
 * until some are. 0: a sixteenth of the heap
 * @param noteEvery how often it is noted in the store which callsets are open; a start after a crash looks at all that
 * are newer
 */
@Validated
@ConfigurationProperties("wren.dispatch")
record DispatchSettings(@DefaultValue("3") @Min(0) @Max(100) int lostRetries,
        @DefaultValue("200ms") @DurationMin(nanos = 1) Duration retryBase,
        @DefaultValue("30s") @DurationMin(nanos = 1) Duration retryCap,
        @DefaultValue("1MB") @ByteRange(max = Integer.MAX_VALUE) DataSize chunkBytes,
        @DefaultValue("1MB") @ByteRange(max = Integer.MAX_VALUE) DataSize segmentBytes,
        @DefaultValue("0") @Min(0) @Max(256) int commitThreads,
        @DefaultValue("0B") @ByteRange(min = 0) DataSize backlog,
        @DefaultValue("5s") @DurationMin(millis = 100) Duration noteEvery) {

    private static final int NEAR = 8;
    private static final int FAR = 32;

    /** Threads that write segments to a store. */
    int threadsFor(ObjectStore store) {
        return commitThreads > 0 ? commitThreads : store.isShared() ? FAR : NEAR;
    }

    DispatchSettings {
        backlog = Heap.orPart(backlog, 16);
    }
}
