package dev.wren.gateway.callset;

import dev.wren.gateway.limits.ByteRange;
import dev.wren.gateway.limits.Heap;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of maps.
 *
 * @param mapItemLimit data in one map, at most
 * @param maxBodySize bytes of a map's body
 * @param maxDatumSize bytes of one datum's JSON text; at most 2 GB
 * @param maxNesting levels of nesting in a body
 * @param maxNames members of all objects in one datum
 * @param maxRunning callsets that are not done, at once, over all tenants
 * @param runningMemory bytes of state of callsets that are not done: their calls and what is kept of their maps; 0: a
 * sixth of the heap
 * @param maxReceiving submissions at once
 * @param receiveMemory bytes that submissions and waits hold while they are received; 0: a sixth of the heap
 * @param maxReduceSize bytes of the values that a reduce takes; at most 2 GB
 * @param idempotencyAge how long an idempotency key is kept
 * @param maxScan callsets that one request for a list looks at
 * @param allowOverwriteInvokeArgs whether {@code overwriteInvokeArgs} may be used
 * @param inlineData bytes of data up to which they travel in the manifest; at most 2 GB
 * @param tableCache bytes of state of finished callsets kept in memory for readers; 0: a sixteenth of the heap
 */
@Validated
@ConfigurationProperties("wren.callsets")
public record CallsetSettings(@DefaultValue("1000000") @Min(0) @Max(100_000_000) int mapItemLimit,
        @DefaultValue("1GB") @ByteRange DataSize maxBodySize,
        @DefaultValue("64MB") @ByteRange(max = Integer.MAX_VALUE) DataSize maxDatumSize,
        @DefaultValue("1000") @Min(1) @Max(10_000) int maxNesting,
        @DefaultValue("100000") @Min(1) int maxNames,
        @DefaultValue("10000") @Min(1) int maxRunning, @DefaultValue("0B") @ByteRange(min = 0) DataSize runningMemory,
        @DefaultValue("256") @Min(1) int maxReceiving, @DefaultValue("0B") @ByteRange(min = 0) DataSize receiveMemory,
        @DefaultValue("64MB") @ByteRange(max = Integer.MAX_VALUE) DataSize maxReduceSize,
        @DefaultValue("24h") @DurationMin(seconds = 1) Duration idempotencyAge,
        @DefaultValue("5000") @Min(1) int maxScan,
        @DefaultValue("false") boolean allowOverwriteInvokeArgs,
        @DefaultValue("64KB") @ByteRange(max = Integer.MAX_VALUE) DataSize inlineData,
        @DefaultValue("0B") @ByteRange(min = 0) DataSize tableCache) {

    public CallsetSettings {
        runningMemory = Heap.orPart(runningMemory, 6);
        receiveMemory = Heap.orPart(receiveMemory, 6);
        tableCache = Heap.orPart(tableCache, 16);
    }
}
