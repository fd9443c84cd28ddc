package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.DataBlocks;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.MappedFunction;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.record.RecordSettings;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.record.ToleratedFailures;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.util.unit.DataSize;

/** Callsets without a gateway around them. */
public final class CallsetFixture {

    /** A class path. */
    static final List<Manifest.JarContent> JARS = List.of(new Manifest.JarContent("0".repeat(64), 1));

    private CallsetFixture() {
    }

    /** Logs without indexes. */
    public static CallLog log(ObjectStore store) {
        return log(store, new RecordSettings(DataSize.ofMegabytes(1), DataSize.ofMegabytes(1)));
    }

    /** The same, with settings of the caller's. */
    static CallLog log(ObjectStore store, RecordSettings settings) {
        ThreadPoolExecutor none = new ThreadPoolExecutor(0, 1, 1, TimeUnit.SECONDS, new SynchronousQueue<>(),
                new ThreadPoolExecutor.DiscardPolicy());
        none.shutdown();
        return new CallLog(store, settings, none);
    }

    /** The settings that a map has by itself, with some of its own. */
    public static MapSettings settings(int maxAttempts, Integer chunkSize, Integer maxConcurrency,
            ToleratedFailures tolerated) {
        return new MapSettings(new MappedFunction(List.of("jar"), "handler", "[]"), null, Map.of(),
                Duration.ofSeconds(60), Map.of(), "{}", 64, true,
                true, Map.of(), List.of(), chunkSize, maxAttempts, maxConcurrency, tolerated, Map.of(), null);
    }

    /** Stores what is there of a callset that is accepted: each datum is its index. */
    public static Manifest accept(ObjectStore store, String tenant, CallsetId id, MapSettings settings,
            String executor, int size, Instant at) {
        for (int call = 0; call < size; call++) {
            store.putIfAbsent(ObjectKeys.datum(tenant, id, CallIds.format(call, size)),
                    Integer.toString(call).getBytes(StandardCharsets.UTF_8));
        }
        store.putIfAbsent(ObjectKeys.manifest(tenant, id), new byte[]{1});
        return new Manifest(id, tenant, settings, executor, JARS, size, Manifest.Layout.EACH, at, null,
                null, null);
    }

    /** A callset as a gateway knows it that has just started. */
    public static Callset load(Manifest manifest, ObjectStore store, CallLog log, Driver driver) {
        return new Callset(new Manifest.Stored(manifest, Manifest.InlineData.NONE, Origins.NONE), store, log, driver,
                new DataBlocks(1 << 20), Ticker.systemTicker());
    }

    /** The same for one that was accepted just now. */
    public static Callset begun(Manifest manifest, ObjectStore store, CallLog log, Driver driver) {
        Callset callset = load(manifest, store, log, driver);
        callset.driven().begin();
        return callset;
    }

    /** Its calls wait until the driver is told otherwise. */
    public static void hold(Callset callset) {
        callset.driven().hold();
    }

    /** As a delete does it, once the manifest is gone. */
    public static void markDeleted(Callset callset) {
        callset.driven().delete();
    }

    /** Completes when all calls have ended, or the callset was deleted. */
    public static CompletableFuture<Void> whenDone(Callset callset) {
        return callset.state().listenTo(CallWaiters.DONE).rung();
    }

    /** Completes when the call has ended. */
    public static CompletableFuture<Void> whenEnded(Callset callset, int call) {
        return callset.state().listenTo(call).rung();
    }

    /** The sendings that the log tells of, of calls of which it tells nothing after that. */
    public static Map<Integer, Long> sent(ObjectStore store, Manifest manifest) {
        Map<Integer, Long> sent = new TreeMap<>();
        String prefix = ObjectKeys.log(manifest.tenant(), manifest.id());
        for (ObjectStore.Entry entry : store.list(prefix, null, 1_000_000)) {
            Segment.replay(entry.key(), store.get(entry.key()).orElseThrow().bytes(), new Segment.Visitor() {
                @Override
                public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                    sent.remove(call);
                }

                @Override
                public void cancelled(int from, int to) {
                    sent.keySet().removeIf(call -> call >= from && call < to);
                }

                @Override
                public void invoked(int from, int to, int attempt, long send) {
                    for (int call = from; call < to; call++) {
                        sent.put(call, send);
                    }
                }
            });
        }
        return sent;
    }

    /** What the log says of each call that has ended: one state for each record, and for each run of cancelled ones. */
    public static Map<Integer, List<CallState>> recorded(ObjectStore store, Manifest manifest) {
        Map<Integer, List<CallState>> ends = new HashMap<>();
        String prefix = ObjectKeys.log(manifest.tenant(), manifest.id());
        for (ObjectStore.Entry entry : store.list(prefix, null, 1_000_000)) {
            Segment.replay(entry.key(), store.get(entry.key()).orElseThrow().bytes(), new Segment.Visitor() {
                @Override
                public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                    if (last) {
                        ends.computeIfAbsent(call, _ -> new ArrayList<>()).add(outcome);
                    }
                }

                @Override
                public void cancelled(int from, int to) {
                    for (int call = from; call < to; call++) {
                        ends.computeIfAbsent(call, _ -> new ArrayList<>()).add(CallState.CANCELLED);
                    }
                }
            });
        }
        return ends;
    }
}
