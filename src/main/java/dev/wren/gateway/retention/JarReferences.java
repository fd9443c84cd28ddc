package dev.wren.gateway.retention;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which contents of jars the callsets of a tenant refer to: for each content, the newest callset that does. It is kept in
 * the store, so that each callset is looked at once and not in every sweep. Used by one thread.
 */
final class JarReferences {

    private static final Logger log = LoggerFactory.getLogger(JarReferences.class);
    private static final JsonMapper JSON = JsonMapper.shared();

    private final ObjectStore store;
    private final String key;
    private final @Nullable String etag;
    private final Map<String, CallsetId> newest = new HashMap<>();
    private final Set<CallsetId> unreadable = new HashSet<>();
    private long until;
    private boolean changed;

    /**
     * As it is stored.
     *
     * @param until all callsets of before this time, in milliseconds, were looked at
     * @param newest by content
     * @param unreadable callsets of which it is not known what they refer to
     */
    private record Stored(long until, Map<String, CallsetId> newest, List<CallsetId> unreadable) {

        Stored {
            newest = Map.copyOf(newest);
            unreadable = List.copyOf(unreadable);
        }
    }

    private JarReferences(ObjectStore store, String key, @Nullable String etag, Optional<Stored> stored) {
        this.store = store;
        this.key = key;
        this.etag = etag;
        stored.ifPresent(known -> {
            until = known.until;
            newest.putAll(known.newest);
            unreadable.addAll(known.unreadable);
        });
    }

    /** What is known; nothing, so that all callsets are looked at, where that cannot be read. */
    static JarReferences load(ObjectStore store, String tenant) {
        String key = ObjectKeys.jarReferences(tenant);
        Optional<ObjectStore.StoredObject> object = store.get(key);
        return new JarReferences(store, key, object.map(ObjectStore.StoredObject::etag).orElse(null),
                object.flatMap(each -> read(key, each.bytes())));
    }

    private static Optional<Stored> read(String key, byte[] bytes) {
        try {
            return Optional.ofNullable(JSON.readValue(bytes, Stored.class));
        } catch (JacksonException e) {
            log.error("{} is damaged; all callsets are looked at: {}", key, e.getMessage());
            return Optional.empty();
        }
    }

    /** All callsets of before this time, in milliseconds since the epoch, were looked at. */
    long until() {
        return until;
    }

    /** All callsets of before {@code millis} were looked at. */
    void lookedUntil(long millis) {
        changed |= millis > until;
        until = Math.max(until, millis);
    }

    /** A callset refers to a content. */
    void refers(CallsetId callset, String sha256) {
        changed |= unreadable.remove(callset);
        CallsetId before = newest.get(sha256);
        if (before == null || before.millis() < callset.millis()) {
            newest.put(sha256, callset);
            changed = true;
        }
    }

    /** It cannot be read what a callset refers to. */
    void unreadable(CallsetId callset) {
        changed |= unreadable.add(callset);
    }

    /** There is no such callset any more. */
    void gone(CallsetId callset) {
        changed |= unreadable.remove(callset);
    }

    /** Callsets of which it is not known what they refer to. */
    List<CallsetId> unreadable() {
        return List.copyOf(unreadable);
    }

    /** The newest callset that refers to a content, when it was looked at. */
    Optional<CallsetId> newest(String sha256) {
        return Optional.ofNullable(newest.get(sha256));
    }

    /** The callset that was the newest is gone: whether another refers to it is not known. */
    void forget(String sha256) {
        changed |= newest.remove(sha256) != null;
    }

    /** Makes it durable, if there is something new. */
    void save() {
        if (changed) {
            Stored now = new Stored(until, newest, List.copyOf(unreadable));
            if (store.replace(key, JSON.writeValueAsBytes(now), etag).isEmpty()) {
                log.warn("{} was changed by another gateway, and is read again", key);
            }
        }
    }
}
