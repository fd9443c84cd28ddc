package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.jar.FunctionCheck;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.jar.LocalJar;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** All callsets: accepts, finds, lists, deletes. Safe for use by several threads. */
@Component
public final class Callsets {

    /** The file store has one shard. */
    private static final int SHARD = 0;

    private static final Logger log = LoggerFactory.getLogger(Callsets.class);
    private static final int PAGE = 200;

    private final ObjectStore store;
    private final CallLog callLog;
    private final Jars jars;
    private final FunctionCheck functions;
    private final Placement placement;
    private final Drives drives;
    private final CallsetIds ids;
    private final CallsetSettings limits;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    /** Callsets that are not done. */
    private final ConcurrentMap<CallsetId, Callset> running = new ConcurrentHashMap<>();
    private final ConcurrentMap<CallsetId, Draft> drafts = new ConcurrentHashMap<>();
    /** Callsets that are done, and may be looked at again. */
    private final Cache<String, Callset> done;
    private volatile boolean accepting = true;

    Callsets(ObjectStore store, CallLog callLog, Jars jars, FunctionCheck functions, Placement placement,
            Drives drives, CallsetIds ids, CallsetSettings limits, Clock clock, MeterRegistry metrics) {
        this.store = store;
        this.callLog = callLog;
        this.jars = jars;
        this.functions = functions;
        this.placement = placement;
        this.drives = drives;
        this.ids = ids;
        this.limits = limits;
        this.clock = clock;
        this.done = Caffeine.newBuilder()
                .maximumWeight(limits.tableCache().toBytes())
                .weigher((String _, Callset callset) -> (int) Math.min(Integer.MAX_VALUE,
                        1024 + CallTable.weight(callset.size())))
                .build();
        Gauge.builder("wren.callsets.running", running, ConcurrentMap::size)
                .description("callsets that are not done")
                .register(metrics);
    }

    /**
     * Begins to receive a callset.
     *
     * @throws ProblemException {@code too-many} when as many callsets run as may, {@code unavailable} while shutting
     * down
     */
    public Draft draft(String tenant) {
        if (!accepting) {
            throw new ProblemException(ProblemType.UNAVAILABLE, "The gateway is shutting down.")
                    .retryAfter(Duration.ofSeconds(5));
        }
        if (running.size() + drafts.size() >= limits.maxRunning()) {
            throw new ProblemException(ProblemType.TOO_MANY,
                    "At most " + limits.maxRunning() + " callsets may run at once.").with("limit", limits.maxRunning())
                    .retryAfter(Duration.ofSeconds(1));
        }
        Draft draft = new Draft(this, store, limits, tenant, ids.next(SHARD));
        drafts.put(draft.id(), draft);
        return draft;
    }

    /** Takes no more callsets. */
    public void stopAccepting() {
        accepting = false;
    }

    Callset submit(Draft draft, MapSettings settings) throws IOException {
        String tenant = draft.tenant();
        if (!settings.overwriteInvokeArgs().isEmpty() && !limits.allowOverwriteInvokeArgs()) {
            throw ProblemException.atPointer(ProblemType.NOT_ALLOWED, "/overwriteInvokeArgs",
                    "The configuration does not allow overwriting the fields of an invocation.");
        }
        String executor = placement.place(settings.executor(), settings.config());
        PinnedJar jar = jars.pin(tenant, settings.jar());
        try (LocalJar local = jars.localFile(jar)) {
            functions.check(local, settings.handler(), settings.excludeModules());
        }
        Manifest.Layout layout = draft.commitData(settings.dataAllAsOne());
        Manifest manifest = new Manifest(draft.id(), tenant, settings, executor, jar.sha256(), jar.size(),
                draft.size(), layout, clock.instant().truncatedTo(ChronoUnit.MILLIS), null, null);
        Manifest.InlineData inline = draft.inlineData(layout);
        if (!store.putIfAbsent(ObjectKeys.manifest(tenant, draft.id()), manifest.encode(json, inline))) {
            throw new IllegalStateException("callset " + draft.id() + " is there already");
        }
        Callset callset = new Callset(new Manifest.Stored(manifest, inline), store, callLog, drives);
        drive(callset);
        return callset;
    }

    void closed(Draft draft, boolean submitted) {
        if (!submitted) {
            deleteObjects(draft.tenant(), draft.id());
        }
        drafts.remove(draft.id());
    }

    /**
     * The callset of that id.
     *
     * @throws ProblemException {@code not-found}
     */
    public Callset get(String tenant, String callsetId) {
        return CallsetId.parse(callsetId)
                .flatMap(id -> find(tenant, id))
                .orElseThrow(() -> new ProblemException(ProblemType.NOT_FOUND,
                        "There is no callset " + callsetId + "."));
    }

    /**
     * Callsets that pass {@code filter}, newest first.
     *
     * @param after only those that come behind this one, or null
     * @param limit at most so many
     */
    public List<Callset> list(String tenant, Predicate<Callset> filter, @Nullable CallsetId after, int limit) {
        List<Callset> found = new ArrayList<>();
        String from = after == null ? null : after.key();
        List<String> keys;
        do {
            keys = store.folders(ObjectKeys.callsets(tenant), from, PAGE);
            for (String key : keys) {
                Optional<Callset> callset = CallsetId.ofKey(key).flatMap(id -> findReadable(tenant, id));
                if (callset.isPresent() && filter.test(callset.get())) {
                    found.add(callset.get());
                    if (found.size() == limit) {
                        return found;
                    }
                }
                from = key;
            }
        } while (keys.size() == PAGE);
        return found;
    }

    /** Cancels what runs, and deletes everything of the callset; gone for every reader from the call on. */
    public void delete(Callset callset) {
        drives.abandon(callset);
        // The manifest first: without it there is no callset, whatever else is left.
        store.delete(List.of(ObjectKeys.manifest(callset.tenant(), callset.id())));
        running.remove(callset.id());
        done.invalidate(cacheKey(callset.tenant(), callset.id()));
        callset.markDeleted();
        deleteObjects(callset.tenant(), callset.id());
    }

    private void finished(Callset callset) {
        if (running.remove(callset.id(), callset)) {
            done.put(cacheKey(callset.tenant(), callset.id()), callset);
        }
    }

    /** Callsets that are not done. */
    public Collection<Callset> running() {
        return List.copyOf(running.values());
    }

    /**
     * Goes on with every callset of the store that is not done; sweeps what was left of submissions that were never
     * accepted. Called once, before anything else.
     */
    public int recover() {
        int resumed = 0;
        for (String tenant : tenants()) {
            String from = null;
            List<String> keys;
            do {
                keys = store.folders(ObjectKeys.callsets(tenant), from, PAGE);
                for (String key : keys) {
                    from = key;
                    Optional<CallsetId> id = CallsetId.ofKey(key);
                    if (id.isPresent() && resume(tenant, id.get())) {
                        resumed++;
                    }
                }
            } while (keys.size() == PAGE);
        }
        return resumed;
    }

    private boolean resume(String tenant, CallsetId id) {
        try {
            Optional<Callset> found = load(tenant, id);
            if (found.isEmpty()) {
                deleteObjects(tenant, id);
                return false;
            }
            if (found.get().done()) {
                return false;
            }
            drive(found.get());
            return true;
        } catch (RuntimeException e) {
            log.error("callset {} is damaged and is not driven: {}", id, e.getMessage());
            return false;
        }
    }

    private List<String> tenants() {
        return store.folders("", null, PAGE).stream().filter(name -> !name.equals("shards")).toList();
    }

    private void drive(Callset callset) {
        if (callset.size() == 0) {
            done.put(cacheKey(callset.tenant(), callset.id()), callset);
            return;
        }
        running.put(callset.id(), callset);
        callset.onDone(() -> finished(callset));
        drives.begin(callset);
    }

    private Optional<Callset> find(String tenant, CallsetId id) {
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
        loaded.ifPresent(callset -> done.put(cacheKey(tenant, id), callset));
        return loaded;
    }

    private Optional<Callset> findReadable(String tenant, CallsetId id) {
        try {
            return find(tenant, id);
        } catch (dev.wren.gateway.store.DamagedObjectException e) {
            log.error("callset {} is damaged and is left out of a list: {}", id, e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Callset> load(String tenant, CallsetId id) {
        String key = ObjectKeys.manifest(tenant, id);
        return store.get(key)
                .map(object -> new Callset(Manifest.decode(json, key, object.bytes()), store, callLog, drives));
    }

    private void deleteObjects(String tenant, CallsetId id) {
        List<ObjectStore.Entry> left;
        do {
            left = store.list(ObjectKeys.callset(tenant, id), null, 1000);
            if (!left.isEmpty()) {
                store.delete(left.stream().map(ObjectStore.Entry::key).toList());
            }
        } while (!left.isEmpty());
    }

    private static String cacheKey(String tenant, CallsetId id) {
        return tenant + "/" + id;
    }
}
