package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.DataBlocks;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Callsets as this gateway has them in memory: each that runs, as one object; those that are done, in a cache; all others
 * are read from the store. Safe for use by several threads.
 */
@Component
final class KnownCallsets {

    private final ObjectStore store;
    private final CallLog callLog;
    private final DataBlocks blocks;
    private final Driver driver;
    private final OpenCallsets open;
    private final Ticker ticker;
    private final JsonMapper json = JsonMapper.shared();
    private final ConcurrentMap<CallsetId, Callset> running = new ConcurrentHashMap<>();
    private final Cache<String, Callset> done;
    /** Callsets deleted recently: whoever was reading their manifest then must not bring them back. */
    private final Cache<CallsetId, Boolean> deleted = Caffeine.newBuilder()
            .maximumSize(50_000).expireAfterWrite(Duration.ofMinutes(10)).build();

    KnownCallsets(ObjectStore store, CallLog callLog, DataBlocks blocks, Driver driver, OpenCallsets open,
            Ticker ticker,
            CallsetSettings limits, MeterRegistry metrics) {
        this.store = store;
        this.callLog = callLog;
        this.blocks = blocks;
        this.driver = driver;
        this.open = open;
        this.ticker = ticker;
        this.done = Caffeine.newBuilder()
                .maximumWeight(limits.tableCache().toBytes())
                .weigher((String key, Callset callset) -> (int) Math.min(Integer.MAX_VALUE,
                        key.length() + callset.weight()))
                .build();
        Gauge.builder("wren.callsets.running", running, ConcurrentMap::size)
                .description("callsets that are not done")
                .register(metrics);
    }

    /** The callset of that id, if it is the tenant's. */
    Optional<Callset> find(String tenant, CallsetId id) {
        Callset active = running.get(id);
        if (active != null) {
            return active.tenant().equals(tenant) ? Optional.of(active) : Optional.empty();
        }
        Callset known = done.getIfPresent(cacheKey(tenant, id));
        if (known != null) {
            return Optional.of(known);
        }
        Optional<Callset> loaded = load(tenant, id);
        // It may have been accepted between the two looks.
        Callset meanwhile = running.get(id);
        if (meanwhile != null) {
            return meanwhile.tenant().equals(tenant) ? Optional.of(meanwhile) : Optional.empty();
        }
        // One that is not done will be driven soon, and as another object.
        loaded.filter(Callset::isDone).ifPresent(this::keep);
        return deleted.getIfPresent(id) == null ? loaded : Optional.empty();
    }

    /** Keeps one that is done, unless it is deleted; looked at last, since that may be just now. */
    private void keep(Callset callset) {
        String key = cacheKey(callset.tenant(), callset.id());
        done.put(key, callset);
        if (deleted.getIfPresent(callset.id()) != null) {
            done.invalidate(key);
        }
    }

    /** A callset as the store has it now; nothing if it is being received, or was never accepted. */
    Optional<Callset> peek(String tenant, CallsetId id) {
        Callset active = running.get(id);
        return active != null ? Optional.of(active) : load(tenant, id);
    }

    /** Reads a callset from the store. */
    Optional<Callset> load(String tenant, CallsetId id) {
        String key = ObjectKeys.manifest(tenant, id);
        return store.get(key).map(object -> of(Manifest.decode(json, key, object.bytes())));
    }

    /** A callset of what was stored. */
    Callset of(Manifest.Stored stored) {
        return new Callset(stored, store, callLog, driver, blocks, ticker);
    }

    /** The callset is not done: this object is it, for everybody. */
    void runs(Callset callset) {
        open.opened(callset.tenant(), callset.id());
        running.put(callset.id(), callset);
    }

    /** Those of a tenant that are not done, by the keys of their ids: newest first. */
    NavigableMap<String, Callset> running(String tenant) {
        NavigableMap<String, Callset> found = new TreeMap<>();
        for (Callset callset : running.values()) {
            if (callset.tenant().equals(tenant)) {
                found.put(callset.id().key(), callset);
            }
        }
        return found;
    }

    /** Those of all tenants that are not done. */
    List<Callset> running() {
        return List.copyOf(running.values());
    }

    /** What is kept of callsets of the shard that are done may have changed: it is read again. */
    void forgetDone(int shard) {
        done.asMap().values().removeIf(callset -> callset.id().shard() == shard);
    }

    /** Whether this very object is a callset that is not done. */
    boolean isRunning(Callset callset) {
        return running.get(callset.id()) == callset;
    }

    /** Whether a callset of this id is not done. */
    boolean isRunning(CallsetId id) {
        return running.containsKey(id);
    }

    /** The callset runs no more, and is read from the store again. */
    void forget(Callset callset) {
        running.remove(callset.id(), callset);
    }

    /** Nothing is left to do for the callset. */
    void settled(Callset callset) {
        open.closed(callset.id());
    }

    /** The callset is done. */
    void ended(Callset callset) {
        if (running.remove(callset.id(), callset) && !callset.driven().isOver()) {
            keep(callset);
        }
    }

    /** The manifest is gone. */
    void deleted(String tenant, CallsetId id) {
        open.closed(id);
        deleted.put(id, true);
        running.remove(id);
        done.invalidate(cacheKey(tenant, id));
    }

    private static String cacheKey(String tenant, CallsetId id) {
        return tenant + "/" + id;
    }
}
