package dev.wren.gateway.callset;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.IdempotencyKey;
import dev.wren.gateway.web.ProblemException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What requests with an {@code Idempotency-Key} came to. A key's entry is written before the manifest of its callset,
 * so that a callset that is there always has its entry; an entry without a callset is what a crash or a failed write has
 * left, and its key is free again. Safe for use by several threads.
 */
@Component
public final class IdempotencyKeys {

    private final ObjectStore store;
    private final Duration age;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    /** Keys of entries of requests that are under way. */
    private final Set<String> claimed = ConcurrentHashMap.newKeySet();

    IdempotencyKeys(ObjectStore store, CallsetSettings settings, Clock clock) {
        this.store = store;
        this.age = settings.idempotencyAge();
        this.clock = clock;
    }

    /**
     * A key's entry.
     *
     * @param callset what the request made
     * @param fingerprint of the request: hex of a SHA-256
     * @param createdAt when it was made
     * @param gone whether the callset was deleted
     */
    public record Entry(CallsetId callset, String fingerprint, Instant createdAt, boolean gone) {
    }

    /**
     * The right to use a key, until it is closed.
     *
     * @throws ProblemException {@code invalid-request}, or {@code in-progress} while another request has it
     */
    public Claim claim(String tenant, String key) {
        IdempotencyKey.check(key);
        String hash = Sha256.hex(key);
        String entryKey = ObjectKeys.idempotency(tenant, hash);
        if (!claimed.add(entryKey)) {
            throw IdempotencyKey.inProgress();
        }
        try {
            return new Claim(tenant, hash, entryKey);
        } catch (RuntimeException e) {
            claimed.remove(entryKey);
            throw e;
        }
    }

    /** The right to use one key. Used by one thread. */
    public final class Claim implements AutoCloseable {

        private final String hash;
        private final String entryKey;
        private final @Nullable Entry known;
        private final @Nullable String etag;

        private Claim(String tenant, String hash, String entryKey) {
            this.hash = hash;
            this.entryKey = entryKey;
            Optional<ObjectStore.StoredObject> object = store.get(entryKey);
            this.etag = object.map(ObjectStore.StoredObject::etag).orElse(null);
            Entry entry = object.map(stored -> read(entryKey, stored.bytes())).orElse(null);
            this.known = entry != null && !isOver(entry) && (entry.gone
                    || store.read(ObjectKeys.manifest(tenant, entry.callset), 0, 1).isPresent()) ? entry : null;
        }

        /** What an earlier request with this key came to; nothing if the key is free. */
        public Optional<Entry> known() {
            return Optional.ofNullable(known);
        }

        /** SHA-256 of the key, in hex: keys themselves are not stored. */
        public String hash() {
            return hash;
        }

        /**
         * Makes durable what the key refers to from now on.
         *
         * @throws ProblemException {@code in-progress} if another gateway was faster
         */
        public void use(CallsetId callset, String fingerprint) {
            Entry entry = new Entry(callset, fingerprint, clock.instant(), false);
            if (store.replace(entryKey, json.writeValueAsBytes(entry), etag).isEmpty()) {
                throw IdempotencyKey.inProgress();
            }
        }

        @Override
        public void close() {
            claimed.remove(entryKey);
        }
    }

    /** The callset of the key with this hash is about to be deleted. */
    void forgetCallset(String tenant, String hash, CallsetId callset) {
        String entryKey = ObjectKeys.idempotency(tenant, hash);
        store.get(entryKey).ifPresent(object -> {
            Entry entry = read(entryKey, object.bytes());
            if (entry.callset.equals(callset)) {
                Entry gone = new Entry(entry.callset, entry.fingerprint, entry.createdAt, true);
                // Whoever was faster has given the key another callset, or has said the same.
                var _ = store.replace(entryKey, json.writeValueAsBytes(gone), object.etag());
            }
        });
    }

    /** Removes the entry under a key of the store if its time is over. */
    public void removeIfOver(String entryKey) {
        // Claimed before it is looked at: who uses the key meanwhile must not be forgotten.
        if (!claimed.add(entryKey)) {
            return;
        }
        try {
            if (store.get(entryKey).filter(object -> isOver(read(entryKey, object.bytes()))).isPresent()) {
                store.delete(List.of(entryKey));
            }
        } finally {
            claimed.remove(entryKey);
        }
    }

    private boolean isOver(Entry entry) {
        return !clock.instant().isBefore(entry.createdAt.plus(age));
    }

    private Entry read(String key, byte[] bytes) {
        try {
            return json.readValue(bytes, Entry.class);
        } catch (JacksonException e) {
            throw new DamagedObjectException(key, "the entry cannot be read", e);
        }
    }
}
