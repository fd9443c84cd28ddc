package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.HeapUse;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.DataBlocks;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.MappedFunction;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.record.RecordSettings;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.util.unit.DataSize;

/** What caches believe that their entries weigh, beside what these take of the heap. */
@Isolated
class CacheWeightTest {

    private static final int ENTRIES = 400;

    private final MemoryObjectStore store = new MemoryObjectStore();

    /** What may be large in a callset. */
    enum Large {
        NOTHING,
        INLINE_DATA,
        META,
        ENVIRONMENT,
        EXCLUDED,
        TABLE,
        RETRIES,
        ORIGINS
    }

    private static String text(int entry, int length) {
        return entry + "x".repeat(length);
    }

    private Callset callset(Large large, int entry) {
        int size = switch (large) {
            case TABLE, ORIGINS -> 20_000;
            case RETRIES -> 500;
            default -> 1;
        };
        String meta = large == Large.META ? "{\"a\":\"" + text(entry, 60_000) + "\"}" : "{}";
        Map<String, String> environment = new HashMap<>();
        List<String> excluded = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            if (large == Large.ENVIRONMENT) {
                environment.put("NAME_" + i, text(entry, 30));
            } else if (large == Large.EXCLUDED && i < 100) {
                excluded.add(text(entry, 500) + i);
            }
        }
        MapSettings settings = new MapSettings(new MappedFunction(List.of("jar"), "handler", "[]"), null, Map.of(),
                Duration.ofSeconds(1), environment,
                meta, 64, true, true, Map.of(), excluded, null, 100, null, null, Map.of(), null);
        Manifest manifest = new Manifest(CallsetId.of(entry, 0, entry, entry), "red", settings, "local",
                List.of(new Manifest.JarContent(text(entry, 60), 1)), size, Manifest.Layout.INLINE, Instant.EPOCH, null,
                null, null);
        byte[] data = new byte[large == Large.INLINE_DATA ? 50_000 : 10];
        Origins.Builder origins = new Origins.Builder(2 * size);
        for (int i = 0; large == Large.ORIGINS && i < size; i++) {
            origins.add(2 * i);
        }
        Callset callset = new Callset(
                new Manifest.Stored(manifest, new Manifest.InlineData(new int[]{data.length}, data),
                        origins.build()),
                store, null, null, new DataBlocks(1 << 20), Ticker.systemTicker());
        callset.driven().begin();
        for (int call = 0; large == Large.RETRIES && call < size; call++) {
            for (int attempt = 1; attempt < 3; attempt++) {
                callset.driven().table().keep(call, attempt, 0, 0);
            }
            callset.driven().table().end(call, 3, CallState.SUCCESS, 0, 0);
        }
        return callset;
    }

    @ParameterizedTest
    @EnumSource
    void a_callset_weighs_what_it_takes(Large large) {
        List<Callset> made = new ArrayList<>();
        long taken = HeapUse.of(() -> {
            IntStream.range(0, ENTRIES).forEach(entry -> made.add(callset(large, entry)));
            return made;
        });
        long weight = made.stream().mapToLong(Callset::weight).sum();
        assertThat((double) taken / weight).as("%d bytes are taken, and %d weighed", taken, weight).isBetween(0.2, 1.2);
    }

    @Test
    void the_cache_of_segments_takes_what_it_may() {
        DataSize most = DataSize.ofMegabytes(16);
        RecordSettings settings = new RecordSettings(most, DataSize.ofBytes(1));
        CallsetId id = CallsetId.of(1, 0, 1, 1);
        MemoryObjectStore elsewhere = new MemoryObjectStore();
        long taken = HeapUse.of(() -> {
            CallLog filled = CallsetFixture.log(elsewhere, settings);
            for (int n = 0; n < 200_000; n++) {
                // As small as they get: what an entry costs besides is most of it.
                filled.append("red", id, n, new Segment.Writer().finish(new Segment.Head(Instant.EPOCH, 0, 0, 0)));
                elsewhere.delete(List.of(ObjectKeys.segment("red", id, n)));
            }
            return filled;
        });
        assertThat(taken).isBetween(most.toBytes() / 4, most.toBytes() * 12 / 10);
    }
}
