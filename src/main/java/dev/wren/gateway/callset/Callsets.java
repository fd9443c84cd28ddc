package dev.wren.gateway.callset;

import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.AtOnce;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** All callsets of the store: finds, lists, deletes. Safe for use by several threads. */
@Component
public final class Callsets {

    private static final Logger log = LoggerFactory.getLogger(Callsets.class);
    private static final int PAGE = 200;
    /** Names in one request, where all are wanted. */
    private static final int MANY = 1000;
    /** Callsets that are read at once for a list. */
    private static final int AT_ONCE = 16;

    private final ObjectStore store;
    private final KnownCallsets known;
    private final Driver driver;
    private final ReadLeases leases;
    private final IdempotencyKeys keys;
    private final Rescues rescues;
    private final HeldShards shards;
    private final CallsetSettings limits;

    Callsets(ObjectStore store, KnownCallsets known, Driver driver, ReadLeases leases, IdempotencyKeys keys,
            Rescues rescues, HeldShards shards, CallsetSettings limits) {
        this.store = store;
        this.known = known;
        this.driver = driver;
        this.leases = leases;
        this.keys = keys;
        this.rescues = rescues;
        this.shards = shards;
        this.limits = limits;
    }

    /**
     * The callset of that id.
     *
     * @throws ProblemException {@code not-found}
     * @throws dev.wren.gateway.shard.NotHereException if another gateway drives it
     */
    public Callset get(String tenant, String callsetId) {
        CallsetId id = CallsetId.parse(callsetId).filter(each -> each.shard() < shards.count())
                .orElseThrow(() -> notFound(callsetId));
        shards.require(id.shard());
        Callset found = known.find(tenant, id).orElseThrow(() -> notFound(callsetId));
        // Looked for again: what was found before it became another's may be old.
        shards.require(id.shard());
        return found;
    }

    private static ProblemException notFound(String callsetId) {
        return new ProblemException(ProblemType.NOT_FOUND, "There is no callset " + callsetId + ".");
    }

    /** A callset as the store has it now; nothing if it is being received, or was never accepted. */
    public Optional<Callset> peek(String tenant, CallsetId id) {
        return known.peek(tenant, id);
    }

    /**
     * Keeps retention from a callset until it is closed.
     *
     * @throws ProblemException {@code not-found} if it is being removed
     */
    public ReadLeases.Lease reading(Callset callset) {
        return leases.begin(callset.id()).orElseThrow(() -> notFound(callset.id().text()));
    }

    /**
     * Part of a list of callsets.
     *
     * @param items newest first
     * @param next what comes after this one may belong to the list too; null where nothing does
     */
    public record Part(List<Callset> items, @Nullable CallsetId next) {

        public Part {
            items = List.copyOf(items);
        }
    }

    /**
     * Callsets that pass {@code filter}, newest first. It looks at a bounded number of them, so a part can have fewer
     * items than wanted, or none, and still be followed by another.
     *
     * @param of the shards whose callsets are wanted: all driven here
     * @param after only those that come after this one, or null
     * @param limit at most so many
     * @throws dev.wren.gateway.shard.NotHereException if another gateway drives one of them
     */
    public Part list(String tenant, Set<Integer> of, Predicate<Callset> filter, @Nullable CallsetId after, int limit) {
        of.forEach(shards::require);
        Part part = read(tenant, of, filter, after, limit);
        // What was found before one became another's may be old.
        of.forEach(shards::require);
        return part;
    }

    private Part read(String tenant, Set<Integer> of, Predicate<Callset> filter, @Nullable CallsetId after, int limit) {
        List<Callset> found = new ArrayList<>();
        String from = after == null ? null : after.key();
        int looked = 0;
        List<String> page;
        do {
            page = store.folders(ObjectKeys.callsets(tenant), from, PAGE);
            List<CallsetId> ids = page.stream().flatMap(key -> CallsetId.ofKey(key).stream())
                    .filter(id -> of.contains(id.shard())).toList();
            for (int i = 0; i < ids.size();) {
                // No more than are wanted, and the one that tells whether there are others.
                List<CallsetId> some = ids.subList(i,
                        Math.min(ids.size(), i + Math.min(AT_ONCE, limit + 1 - found.size())));
                List<Optional<Callset>> callsets = AtOnce.map(some, id -> findReadable(tenant, id, filter));
                for (Optional<Callset> callset : callsets) {
                    if (callset.isPresent() && found.size() == limit) {
                        return new Part(found, found.getLast().id());
                    }
                    callset.ifPresent(found::add);
                    if (++looked >= limits.maxScan()) {
                        return new Part(found, ids.get(i));
                    }
                    i++;
                }
            }
            from = page.isEmpty() ? null : page.getLast();
        } while (page.size() == PAGE);
        return new Part(found, null);
    }

    private Optional<Callset> findReadable(String tenant, CallsetId id, Predicate<Callset> filter) {
        try {
            Optional<Callset> found = known.find(tenant, id);
            // The state is read too: what is listed can be shown.
            found.ifPresent(callset -> callset.state().counts());
            return found.filter(filter);
        } catch (ProblemException e) {
            log.debug("callset {} was deleted while it was listed", id, e);
            return Optional.empty();
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is left out of a list: {}", id, e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Those of the tenant's callsets that are not done and pass {@code filter}, newest first.
     *
     * @param of the shards whose callsets are wanted: all driven here
     * @param after only those that come after this one, or null
     * @param limit at most so many
     * @throws dev.wren.gateway.shard.NotHereException if another gateway drives one of them
     */
    public Part listRunning(String tenant, Set<Integer> of, Predicate<Callset> filter, @Nullable CallsetId after,
            int limit) {
        NavigableMap<String, Callset> running = known.running(tenant);
        of.forEach(shards::require);
        List<Callset> found = (after == null ? running : running.tailMap(after.key(), false)).values().stream()
                .filter(callset -> of.contains(callset.id().shard()))
                .filter(callset -> !callset.isDone())
                .filter(filter)
                .limit(limit + 1L)
                .toList();
        return found.size() <= limit
                ? new Part(found, null)
                : new Part(found.subList(0, limit), found.get(limit - 1).id());
    }

    /**
     * Ids of the tenant's callsets, newest first, of broken submissions too, until {@code action} is false.
     *
     * @param after only those that come after this one, which there need not be; null: all
     */
    public void eachWhile(String tenant, @Nullable CallsetId after, Predicate<CallsetId> action) {
        String from = after == null ? null : after.key();
        List<String> page;
        do {
            page = store.folders(ObjectKeys.callsets(tenant), from, MANY);
            for (String key : page) {
                from = key;
                if (!CallsetId.ofKey(key).map(action::test).orElse(true)) {
                    return;
                }
            }
        } while (page.size() == MANY);
    }

    /** Whether anything is left of a callset, accepted or not. */
    public boolean hasObjects(String tenant, CallsetId id) {
        return !store.list(ObjectKeys.callset(tenant, id), null, 1).isEmpty();
    }

    /** Whether there is an accepted callset of that id. */
    public boolean exists(String tenant, CallsetId id) {
        return store.read(ObjectKeys.manifest(tenant, id), 0, 1).isPresent();
    }

    /** Everybody who has anything in the store. */
    public List<String> tenants() {
        List<String> names = new ArrayList<>();
        List<String> page;
        do {
            page = store.folders("", names.isEmpty() ? null : names.getLast(), PAGE);
            names.addAll(page);
        } while (page.size() == PAGE);
        names.removeAll(ObjectKeys.NO_TENANTS);
        return names;
    }

    /**
     * Cancels what runs of the callset of that id, and deletes everything of it, also if it is damaged; gone for every
     * reader from the call on.
     *
     * @throws ProblemException {@code not-found}
     */
    public void delete(String tenant, String callsetId) {
        try {
            delete(get(tenant, callsetId), Callsets::unthrottled);
        } catch (DamagedObjectException e) {
            log.warn("callset {} is damaged and is deleted: {}", callsetId, e.getMessage());
            CallsetId id = CallsetId.parse(callsetId).orElseThrow();
            known.deleted(tenant, id);
            store.delete(List.of(ObjectKeys.manifest(tenant, id)));
            deleteObjects(tenant, id, Callsets::unthrottled);
        }
    }

    /**
     * Deletes a callset that is done, unless somebody reads it.
     *
     * @param throttle told of objects before they are deleted
     */
    public boolean expire(Callset callset, IntConsumer throttle) {
        return callset.isDone() && leases.unlessRead(callset.id(), () -> delete(callset, throttle));
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
        known.deleted(callset.tenant(), callset.id());
        callset.driven().delete();
        driver.abandon(callset);
        deleteObjectsAtLast(callset.tenant(), callset.id(), throttle);
    }

    private static void unthrottled(int objects) {
        // As fast as the store is.
    }

    /** Deletes all objects of a callset that is none; later, where the store does not answer. */
    public void deleteObjectsAtLast(String tenant, CallsetId id) {
        deleteObjectsAtLast(tenant, id, Callsets::unthrottled);
    }

    private void deleteObjectsAtLast(String tenant, CallsetId id, IntConsumer throttle) {
        try {
            deleteObjects(tenant, id, throttle);
        } catch (RuntimeException e) {
            log.warn("callset {}: what is left of it is deleted later: {}", id, e.toString());
            rescues.until("delete", id, () -> deleteObjects(tenant, id, throttle));
        }
    }

    /** Deletes all objects of a callset that is none. */
    public void deleteObjects(String tenant, CallsetId id, IntConsumer throttle) {
        List<ObjectStore.Entry> left;
        do {
            left = store.list(ObjectKeys.callset(tenant, id), null, PAGE);
            if (!left.isEmpty()) {
                throttle.accept(left.size());
                store.delete(left.stream().map(ObjectStore.Entry::key).toList());
            }
        } while (!left.isEmpty());
    }

    void deleteObjects(String tenant, CallsetId id) {
        deleteObjects(tenant, id, Callsets::unthrottled);
    }
}
