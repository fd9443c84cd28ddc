package dev.wren.gateway.record;

import dev.wren.gateway.limits.ByteRange;
import dev.wren.gateway.limits.Heap;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How the records of callsets are read.
 *
 * @param segmentCache bytes of log segments kept in memory for readers; 0: a sixteenth of the heap
 * @param dataCache bytes of data kept in memory for the calls that are sent next; 0: a 32nd of the heap
 */
@Validated
@ConfigurationProperties("wren.records")
public record RecordSettings(@DefaultValue("0B") @ByteRange(min = 0) DataSize segmentCache,
        @DefaultValue("0B") @ByteRange(min = 0) DataSize dataCache) {

    public RecordSettings {
        segmentCache = Heap.orPart(segmentCache, 16);
        dataCache = Heap.orPart(dataCache, 32);
    }
}
