package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.jar.FunctionCheck;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.jar.LocalJar;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
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
    /** A manifest is tried to be put, at most. */
    private static final int ACCEPT_TRIES = 3;

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
    private final Quota receiving;
    private final Quota receiveMemory;
    private final Quota runningCount;
    private final Quota runningMemory;
    private final Readings readings = new Readings();
    private final Reductions reductions;
    private final IdempotencyKeys keys;
    private final Rescues rescues;
    /** Callsets that are done, and may be looked at again. */
    private final Cache<String, Callset> done;
    /** Callsets deleted of late: whoever was reading their manifest then must not bring them back. */
    private final Cache<CallsetId, Boolean> deleted = Caffeine.newBuilder()
            .maximumSize(50_000).expireAfterWrite(Duration.ofMinutes(10)).build();
    private volatile boolean accepting = true;

    Callsets(ObjectStore store, CallLog callLog, Jars jars, FunctionCheck functions, Placement placement,
            Drives drives, CallsetIds ids, Reductions reductions, IdempotencyKeys keys, Rescues rescues,
            CallsetSettings limits, TenantShare share, Clock clock, MeterRegistry metrics) {
        this.store = store;
        this.callLog = callLog;
        this.jars = jars;
        this.functions = functions;
        this.placement = placement;
        this.drives = drives;
        this.ids = ids;
        this.reductions = reductions;
        this.keys = keys;
        this.rescues = rescues;
        this.limits = limits;
        this.clock = clock;
        this.receiving = new Quota("receiving", "callsets are received at once", limits.maxReceiving(), share, metrics);
        this.receiveMemory = new Quota("receive-memory", "bytes are held by what is being received",
                limits.receiveMemory().toBytes(), share, metrics);
        this.runningCount = new Quota("running", "callsets may run at once", limits.maxRunning(), share, metrics);
        this.runningMemory = new Quota("running-memory", "bytes are held by callsets that run",
                limits.runningMemory().toBytes(), share, metrics);
        this.done = Caffeine.newBuilder()
                .maximumWeight(limits.tableCache().toBytes())
                .weigher((String key, Callset callset) -> (int) Math.min(Integer.MAX_VALUE,
                        key.length() + callset.weight()))
                .build();
        Gauge.builder("wren.callsets.running", running, ConcurrentMap::size)
                .description("callsets that are not done")
                .register(metrics);
        Gauge.builder("wren.callsets.receiving", drafts, ConcurrentMap::size)
                .description("submissions under way")
                .register(metrics);
    }

    /**
     * Begins to receive a callset.
     *
     * @throws ProblemException {@code unavailable} while shutting down
     * @throws QuotaExceededException when as many callsets run or are received as may
     */
    Draft draft(String tenant) {
        if (!accepting) {
            throw new ProblemException(ProblemType.UNAVAILABLE, "The gateway is shutting down.")
                    .retryAfter(Duration.ofSeconds(5));
        }
        Quota.Grant place = receiving.grant(tenant);
        Quota.Grant memory = receiveMemory.grant(tenant);
        Quota.Grant run = runningCount.grant(tenant);
        try {
            place.grow(1);
            run.grow(1);
            Draft draft = new Draft(this, store, limits, tenant, ids.next(SHARD), memory);
            drafts.put(draft.id(), draft);
            draft.whenClosed(() -> {
                place.close();
                memory.close();
                run.close();
            });
            return draft;
        } catch (QuotaExceededException e) {
            place.close();
            throw e;
        }
    }

    /** Bytes that are held while a request of {@code tenant} is read; to be closed. */
    Quota.Grant receiveMemory(String tenant) {
        return receiveMemory.grant(tenant);
    }

    /** Takes no more callsets. */
    public void stopAccepting() {
        accepting = false;
    }

    /** Checks a map, and pins its jar; {@code sha256} is its content where that is known already. */
    Draft.Prepared prepare(String tenant, MapSettings settings, @Nullable String sha256,
            @Nullable CallsetId redriveOf, @Nullable CallsetId reduceOf) {
        if (!settings.overwriteInvokeArgs().isEmpty() && !limits.allowOverwriteInvokeArgs()) {
            throw ProblemException.atPointer(ProblemType.NOT_ALLOWED, "/overwriteInvokeArgs",
                    "The configuration does not allow overwriting the fields of an invocation.");
        }
        String executor = placement.place(settings.executor(), settings.config());
        PinnedJar jar = jars.pin(tenant, sha256 == null ? settings.jar() : "sha256:" + sha256);
        try (LocalJar local = jars.localFile(jar)) {
            functions.check(local, settings.handler(), settings.excludeModules());
            return new Draft.Prepared(settings, executor, jar, redriveOf, reduceOf);
        } catch (RuntimeException e) {
            jars.unpin(jar);
            throw e;
        }
    }

    Callset submit(Draft draft, Draft.@Nullable KeyUse key) throws IOException {
        String tenant = draft.tenant();
        Draft.Prepared prepared = draft.prepared().orElseThrow();
        Manifest.Layout layout = draft.commitData(prepared.settings().dataAllAsOne());
        Manifest manifest = new Manifest(draft.id(), tenant, prepared.settings(), prepared.executor(),
                prepared.jar().sha256(), prepared.jar().size(), draft.size(), layout,
                clock.instant().truncatedTo(ChronoUnit.MILLIS), prepared.redriveOf(), prepared.reduceOf(),
                key == null ? null : key.hash());
        Manifest.InlineData inline = draft.inlineData(layout);
        Callset callset = callset(new Manifest.Stored(manifest, inline, draft.origins()));
        callset.begun();
        long weight = callset.weight();
        runningMemory.acquire(tenant, weight);
        try {
            accept(draft, manifest, inline, key);
        } catch (RuntimeException | Error e) {
            runningMemory.release(tenant, weight);
            throw e;
        }
        // It is accepted, whatever happens from here on.
        drive(callset, weight);
        return callset;
    }

    private void accept(Draft draft, Manifest manifest, Manifest.InlineData inline, Draft.@Nullable KeyUse key) {
        if (key != null) {
            key.use(draft.id());
        }
        accept(ObjectKeys.manifest(draft.tenant(), draft.id()), manifest.encode(json, inline, draft.origins()));
        draft.accepted();
    }

    /**
     * Puts the manifest. An answer that was lost is asked for again: a callset that is there is accepted, and its sender
     * must not be told otherwise.
     */
    private void accept(String key, byte[] manifest) {
        for (int attempt = 1;; attempt++) {
            try {
                if (!store.putOrFind(key, manifest)) {
                    throw new IllegalStateException(key + " is there already");
                }
                return;
            } catch (StoreException e) {
                if (attempt == ACCEPT_TRIES) {
                    throw e;
                }
                log.warn("{} may be stored or not, and is asked for: {}", key, e.getMessage());
            }
        }
    }

    void closed(Draft draft, boolean submitted) {
        try {
            if (!submitted) {
                deleteObjectsAtLast(draft.tenant(), draft.id());
            }
        } finally {
            draft.prepared().ifPresent(prepared -> jars.unpin(prepared.jar()));
            drafts.remove(draft.id());
            draft.closed();
        }
    }

    /** Deletes all objects of a callset that is none any more; later, where the store does not answer. */
    private void deleteObjectsAtLast(String tenant, CallsetId id) {
        try {
            deleteObjects(tenant, id, _ -> {
            });
        } catch (RuntimeException e) {
            log.warn("callset {}: what is left of it is deleted later: {}", id, e.toString());
            rescues.until("delete", id, () -> deleteObjects(tenant, id, _ -> {
            }));
        }
    }

    /**
     * The callset of that id.
     *
     * @throws ProblemException {@code not-found}
     */
    public Callset get(String tenant, String callsetId) {
        return CallsetId.parse(callsetId)
                .flatMap(id -> find(tenant, id))
                .orElseThrow(() -> notFound(callsetId));
    }

    private static ProblemException notFound(String callsetId) {
        return new ProblemException(ProblemType.NOT_FOUND, "There is no callset " + callsetId + ".");
    }

    /**
     * Keeps retention from a callset until it is closed.
     *
     * @throws ProblemException {@code not-found} if it is being removed
     */
    Readings.Reading reading(Callset callset) {
        return readings.begin(callset.id()).orElseThrow(() -> notFound(callset.id().text()));
    }

    /**
     * Part of a list of callsets.
     *
     * @param items newest first
     * @param next what is behind this one may belong to the list too; null where nothing does
     */
    record Part(List<Callset> items, @Nullable CallsetId next) {

        Part {
            items = List.copyOf(items);
        }
    }

    /**
     * Callsets that pass {@code filter}, newest first. It looks at a bounded number of them, so a part can have fewer
     * items than wanted, or none, and still be followed by another.
     *
     * @param after only those that come behind this one, or null
     * @param limit at most so many
     */
    Part list(String tenant, Predicate<Callset> filter, @Nullable CallsetId after, int limit) {
        List<Callset> found = new ArrayList<>();
        String from = after == null ? null : after.key();
        int looked = 0;
        List<String> keys;
        do {
            keys = store.folders(ObjectKeys.callsets(tenant), from, PAGE);
            for (String key : keys) {
                Optional<CallsetId> id = CallsetId.ofKey(key);
                from = key;
                if (id.isEmpty()) {
                    continue;
                }
                Optional<Callset> callset = findReadable(tenant, id.get(), filter);
                if (callset.isPresent() && found.size() == limit) {
                    return new Part(found, found.getLast().id());
                }
                callset.ifPresent(found::add);
                if (++looked >= limits.maxScan()) {
                    return new Part(found, id.get());
                }
            }
        } while (keys.size() == PAGE);
        return new Part(found, null);
    }

    /**
     * Cancels what runs of the callset of that id, and deletes everything of it, also if it is damaged; gone for every
     * reader from the call on.
     *
     * @throws ProblemException {@code not-found}
     */
    void delete(String tenant, String callsetId) {
        try {
            delete(get(tenant, callsetId), _ -> {
            });
        } catch (DamagedObjectException e) {
            log.warn("callset {} is damaged and is deleted: {}", callsetId, e.getMessage());
            CallsetId id = CallsetId.parse(callsetId).orElseThrow();
            deleted.put(id, true);
            store.delete(List.of(ObjectKeys.manifest(tenant, id)));
            deleteObjects(tenant, id, _ -> {
            });
        }
    }

    /**
     * Deletes a callset that is done, unless somebody reads it.
     *
     * @param throttle told of objects before they are deleted
     */
    boolean expire(Callset callset, IntConsumer throttle) {
        return callset.done() && readings.unlessRead(callset.id(), () -> delete(callset, throttle));
    }

    private void delete(Callset callset, IntConsumer throttle) {
        String key = callset.manifest().idempotencyKey();
        if (key != null) {
            keys.forgetCallset(callset.tenant(), key, callset.id());
        }
        throttle.accept(1);
        // The manifest first: without it there is no callset, whatever else is left; and while it is there, the callset
        // is driven.
        store.delete(List.of(ObjectKeys.manifest(callset.tenant(), callset.id())));
        deleted.put(callset.id(), true);
        running.remove(callset.id());
        done.invalidate(cacheKey(callset.tenant(), callset.id()));
        callset.markDeleted();
        drives.abandon(callset);
        try {
            deleteObjects(callset.tenant(), callset.id(), throttle);
        } catch (StoreException e) {
            log.warn("callset {}: what is left of it is deleted later: {}", callset.id(), e.getMessage());
            rescues.until("delete", callset.id(), () -> deleteObjects(callset.tenant(), callset.id(), throttle));
        }
    }

    private void finished(Callset callset) {
        if (running.remove(callset.id(), callset) && !callset.deleted()) {
            done.put(cacheKey(callset.tenant(), callset.id()), callset);
        }
    }

    /**
     * Goes on with every callset of the store that is not done; sweeps what was left of submissions that were never
     * accepted. Called once, before anything else.
     */
    public int recover() {
        List<Callset> open = new ArrayList<>();
        for (String tenant : tenants()) {
            each(tenant, null, id -> {
                try {
                    Optional<Callset> found = load(tenant, id);
                    if (found.isEmpty()) {
                        deleteObjects(tenant, id, _ -> {
                        });
                    } else if (!found.get().done()) {
                        open.add(found.get());
                    }
                } catch (DamagedObjectException e) {
                    log.error("callset {} is damaged and is not driven: {}", id, e.getMessage());
                } catch (RuntimeException e) {
                    log.warn("callset {} cannot be read now and is driven later: {}", id, e.toString());
                    rescues.until("recover", id, () -> load(tenant, id).filter(found -> !found.done())
                            .filter(_ -> !running.containsKey(id)).ifPresent(this::driveAgain));
                }
            });
        }
        // All are known before any is driven: a reduce looks for the callset that it waits for.
        open.forEach(callset -> running.put(callset.id(), callset));
        return (int) open.stream().filter(this::resume).count();
    }

    /** Drives a callset of an earlier start; one whose log is damaged harms no other. */
    private boolean resume(Callset callset) {
        try {
            driveAgain(callset);
            return true;
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is not driven: {}", callset.id(), e.getMessage());
            return false;
        }
    }

    /** Ids of the tenant's callsets, newest first, behind {@code after}; of broken submissions too. */
    void each(String tenant, @Nullable CallsetId after, Consumer<CallsetId> action) {
        String from = after == null ? null : after.key();
        List<String> keys;
        do {
            keys = store.folders(ObjectKeys.callsets(tenant), from, PAGE);
            for (String key : keys) {
                from = key;
                CallsetId.ofKey(key).ifPresent(action);
            }
        } while (keys.size() == PAGE);
    }

    /** Everybody who has anything in the store. */
    List<String> tenants() {
        List<String> names = new ArrayList<>();
        List<String> page;
        do {
            page = store.folders("", names.isEmpty() ? null : names.getLast(), PAGE);
            names.addAll(page);
        } while (page.size() == PAGE);
        names.remove("shards");
        return names;
    }

    /** Drives one that was accepted before: there is room for it. */
    private void driveAgain(Callset callset) {
        long weight = callset.weight();
        runningMemory.acquireAnyway(callset.tenant(), weight);
        drive(callset, weight);
    }

    /**
     * Drives a callset that is accepted; later, where something does not answer now.
     *
     * @throws DamagedObjectException if its log is damaged
     */
    private void drive(Callset callset, long weight) {
        running.put(callset.id(), callset);
        runningCount.acquireAnyway(callset.tenant(), 1);
        callset.onEnd(() -> {
            runningCount.release(callset.tenant(), 1);
            runningMemory.release(callset.tenant(), weight);
            finished(callset);
        });
        if (callset.size() == 0) {
            return;
        }
        try {
            begin(callset);
        } catch (DamagedObjectException e) {
            running.remove(callset.id(), callset);
            runningCount.release(callset.tenant(), 1);
            runningMemory.release(callset.tenant(), weight);
            throw e;
        }
    }

    private void begin(Callset callset) {
        CallsetId reduced = callset.reduceOf();
        if (reduced == null) {
            nowOrLater("drive", callset, () -> drives.begin(callset));
            return;
        }
        callset.hold();
        nowOrLater("drive", callset, () -> {
            drives.begin(callset);
            nowOrLater("reduce", callset, () -> beginReduction(callset, reduced));
        });
    }

    private void beginReduction(Callset reduce, CallsetId reduced) {
        Optional<Callset> map;
        try {
            map = find(reduce.tenant(), reduced);
            if (map.isPresent() && !map.get().done() && running.get(reduced) != map.get()) {
                throw new IllegalStateException("callset " + reduced + " is not driven yet");
            }
        } catch (DamagedObjectException e) {
            drives.fail(reduce, CallError.of(ErrorCode.RUNTIME, "The callset " + reduced + " is damaged."));
            return;
        }
        reductions.begin(reduce, map, map.flatMap(each -> readings.begin(each.id())));
    }

    private void nowOrLater(String what, Callset callset, Runnable action) {
        try {
            action.run();
        } catch (DamagedObjectException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            log.warn("callset {}: it is durable, and driven later: {}", callset.id(), e.toString());
            log.debug("callset {}", callset.id(), e);
            rescues.until(what, callset.id(), () -> {
                if (!callset.deleted() && !callset.done()) {
                    action.run();
                }
            });
        }
    }

    private Callset callset(Manifest.Stored stored) {
        return new Callset(stored, store, callLog, drives);
    }

    /** A callset as the store has it now; nothing if it is being received, or was never accepted. */
    Optional<Callset> peek(String tenant, CallsetId id) {
        Callset active = running.get(id);
        return active != null ? Optional.of(active) : load(tenant, id);
    }

    /** Deletes what a submission has left that was never accepted and is not under way. */
    void sweep(String tenant, CallsetId id, IntConsumer throttle) {
        if (!drafts.containsKey(id) && peek(tenant, id).isEmpty()) {
            deleteObjects(tenant, id, throttle);
        }
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
        // One that is not done is driven soon, and not by this one.
        loaded.filter(Callset::done).ifPresent(callset -> done.put(cacheKey(tenant, id), callset));
        if (deleted.getIfPresent(id) != null) {
            done.invalidate(cacheKey(tenant, id));
            return Optional.empty();
        }
        return loaded;
    }

    private Optional<Callset> findReadable(String tenant, CallsetId id, Predicate<Callset> filter) {
        try {
            // How it stands is read too, so that it is known to be readable.
            return find(tenant, id).filter(callset -> callset.counts().size() >= 0 && filter.test(callset));
        } catch (ProblemException e) {
            log.debug("callset {} was deleted while it was listed", id, e);
            return Optional.empty();
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is left out of a list: {}", id, e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Callset> load(String tenant, CallsetId id) {
        String key = ObjectKeys.manifest(tenant, id);
        return store.get(key)
                .map(object -> callset(Manifest.decode(json, key, object.bytes())));
    }

    private void deleteObjects(String tenant, CallsetId id, IntConsumer throttle) {
        List<ObjectStore.Entry> left;
        do {
            left = store.list(ObjectKeys.callset(tenant, id), null, PAGE);
            if (!left.isEmpty()) {
                throttle.accept(left.size());
                store.delete(left.stream().map(ObjectStore.Entry::key).toList());
            }
        } while (!left.isEmpty());
    }

    private static String cacheKey(String tenant, CallsetId id) {
        return tenant + "/" + id;
    }
}
