package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.DataBlocks;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.CallsetId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class KnownCallsetsTest {

    private static final int ROUNDS = 20_000;
    private static final MapSettings SETTINGS = CallsetFixture.settings(1, null, null, null);

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final CallLog log = CallsetFixture.log(store);
    private final KnownCallsets known = new KnownCallsets(store, log, new DataBlocks(1 << 20), null,
            new OpenCallsets(Clock.systemUTC()),
            Ticker.systemTicker(), TestLimits.of(DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 10, 10),
            new SimpleMeterRegistry());

    /** The last call of a callset is committed just when the callset is deleted. */
    @Test
    void a_callset_that_ends_while_it_is_deleted_is_not_found_again() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < ROUNDS; round++) {
                CallsetId id = CallsetId.of(round, 0, round, round);
                Callset callset = CallsetFixture
                        .begun(new Manifest(id, "red", SETTINGS, "local", CallsetFixture.JARS, 1,
                                Manifest.Layout.INLINE, Instant.EPOCH, null, null, null), store, log, null);
                known.runs(callset);
                Future<?> end = other.submit(() -> {
                    start.await();
                    known.ended(callset);
                    return null;
                });
                start.await();
                known.deleted(callset.tenant(), id);
                end.get();
                assertThat(known.find(callset.tenant(), id)).as("round %d", round).isEmpty();
            }
        }
    }
}
