package dev.wren.gateway.record;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.store.ObjectStore;
import java.util.Arrays;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Blocks of callsets' data that were read last, one of each: calls are mostly sent in order, and few data at a time would
 * cost a request to the store each. Safe for use by several threads.
 */
@Component
public final class DataBlocks {

    /** What is read at once, where less is wanted. */
    private static final int BLOCK = 128 << 10;
    /** Bytes of a cache's entry besides what is in it. */
    private static final int ENTRY = 250;

    private final Cache<String, Block> blocks;

    @Autowired
    DataBlocks(RecordSettings settings) {
        this(settings.dataCache().toBytes());
    }

    /** Blocks of so many bytes altogether. */
    public DataBlocks(long bytes) {
        blocks = Caffeine.newBuilder().maximumWeight(bytes)
                .weigher((String key, Block block) -> ENTRY + key.length() + block.bytes.length).build();
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Block(long offset, byte[] bytes) {

        boolean has(long from, int length) {
            return from >= offset && from + length <= offset + bytes.length;
        }

        byte[] part(long from, int length) {
            int at = (int) (from - offset);
            return Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + length));
        }
    }

    /** Part of an object that never changes, as {@link ObjectStore#read} gives it. */
    Optional<byte[]> read(ObjectStore store, String key, long offset, int length) {
        if (length >= BLOCK) {
            return store.read(key, offset, length);
        }
        Block there = blocks.getIfPresent(key);
        if (there != null && there.has(offset, length)) {
            return Optional.of(there.part(offset, length));
        }
        // Those who want what comes next wait for the one who reads it.
        Block block = blocks.asMap().compute(key, (_, known) -> known != null && known.has(offset, length)
                ? known
                : store.read(key, offset, BLOCK).map(bytes -> new Block(offset, bytes)).orElse(null));
        return Optional.ofNullable(block).map(found -> found.part(offset, length));
    }
}
