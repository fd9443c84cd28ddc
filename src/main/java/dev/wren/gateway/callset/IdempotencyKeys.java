package dev.wren.gateway.callset;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.IdempotencyKey;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What requests with an {@code Idempotency-Key} came to. A key's entry is written before the manifest of its callset,
 * so that a callset that is there always has its entry; an entry without a callset is what a crash or a failed write has
 * left, and its key is free again. Safe for use by several threads.
 *
 * <p>
 * Where gateways share a store, an entry is written twice: that the key is wanted for a callset, and, once its manifest is
 * there, that the callset has it. Each is a compare-and-set on what was there before. So of gateways that race for a key one
 * has it in the end, however slow they are; the others find that their entry is not there any more, and take their
 * callsets back, which nobody was told of.
 */
@Component
public final class IdempotencyKeys {

    /** A gateway that wants a key for longer has ended, or will find that the key is another's. */
    private static final Duration SLOW = Duration.ofSeconds(30);

    private static final int MOST_TRIES = 10;

    private final String id = UUID.randomUUID().toString();
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
     * @param wanted whether it is not said yet that the callset is there
     * @param by the gateway that wants it, where several use the store
     */
    public record Entry(CallsetId callset, String fingerprint, Instant createdAt, boolean gone, boolean wanted,
            @Nullable String by) {

        /** It is about to be removed: for other gateways it is in use until then, and free soon after if that fails. */
        private Entry removedBy(String gateway, Instant now) {
            return new Entry(callset, fingerprint, now, true, true, gateway);
        }

        private Entry here() {
            return new Entry(callset, fingerprint, createdAt, gone, false, null);
        }
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
        private @Nullable Entry wanted;
        private final @Nullable Entry known;
        private @Nullable String etag;

        private Claim(String tenant, String hash, String entryKey) {
            this.hash = hash;
            this.entryKey = entryKey;
            Optional<ObjectStore.StoredObject> object = store.get(entryKey);
            this.etag = object.map(ObjectStore.StoredObject::etag).orElse(null);
            Entry entry = object.map(stored -> read(entryKey, stored.bytes())).filter(each -> !isOver(each))
                    .orElse(null);
            if (entry != null && entry.wanted && isWantedElsewhere(entry)) {
                throw IdempotencyKey.inProgress();
            }
            this.known = entry != null && !entry.wanted && (entry.gone
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
            boolean shared = store.isShared();
            Entry entry = new Entry(callset, fingerprint, clock.instant(), false, shared, shared ? id : null);
            etag = set(entryKey, entry, etag).orElseThrow(IdempotencyKey::inProgress);
            wanted = entry;
        }

        /**
         * Says that the callset is there.
         *
         * @return false if the key is another's by now: then the callset is not to be
         */
        public boolean isHere() {
            return !store.isShared() || set(entryKey, Objects.requireNonNull(wanted).here(), etag).isPresent();
        }

        @Override
        public void close() {
            claimed.remove(entryKey);
        }
    }

    /**
     * Compares and sets; an answer that was lost is asked for again.
     *
     * @return the entry's ETag now; nothing if another was faster
     */
    private Optional<String> set(String entryKey, Entry entry, @Nullable String etag) {
        byte[] bytes = json.writeValueAsBytes(entry);
        return store.replace(entryKey, bytes, etag).or(() -> store.get(entryKey)
                .filter(there -> Arrays.equals(there.bytes(), bytes)).map(ObjectStore.StoredObject::etag));
    }

    /** Whether another gateway may be about to accept its callset. What is wanted here is known here. */
    private boolean isWantedElsewhere(Entry entry) {
        return !id.equals(entry.by)
                && Duration.between(entry.createdAt, clock.instant()).abs().compareTo(SLOW) < 0;
    }

    /**
     * Makes sure that a callset that is there was accepted: its gateway may have ended before it could say so, and another may
     * have taken its key meanwhile.
     *
     * @param hash of the key that the callset was submitted with
     * @param createdAt when the callset was made
     * @return false if the key is another's; nobody was told of the callset then, and it is not to be
     */
    boolean claimLate(String tenant, String hash, CallsetId callset, Instant createdAt) {
        String entryKey = ObjectKeys.idempotency(tenant, hash);
        for (int tries = 0; store.isShared(); tries++) {
            if (tries == MOST_TRIES) {
                throw new StoreException("the key of callset " + callset + " changes all the time", null);
            }
            ObjectStore.StoredObject object = store.get(entryKey).orElse(null);
            if (object == null) {
                return true;
            }
            Entry entry = read(entryKey, object.bytes());
            if (entry.callset.equals(callset) && !entry.wanted) {
                return true;
            }
            if (!entry.callset.equals(callset)) {
                // A key that is used again after its time tells nothing of those before.
                return !entry.createdAt.isBefore(createdAt.plus(age));
            }
            if (set(entryKey, entry.here(), object.etag()).isPresent()) {
                return true;
            }
        }
        return true;
    }

    /** The callset of the key with this hash is about to be deleted. */
    void forgetCallset(String tenant, String hash, CallsetId callset) {
        String entryKey = ObjectKeys.idempotency(tenant, hash);
        store.get(entryKey).ifPresent(object -> {
            Entry entry = read(entryKey, object.bytes());
            if (entry.callset.equals(callset)) {
                Entry gone = new Entry(entry.callset, entry.fingerprint, entry.createdAt, true, false, null);
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
            ObjectStore.StoredObject object = store.get(entryKey).orElse(null);
            Entry entry = object == null ? null : read(entryKey, object.bytes());
            if (object != null && entry != null && isOver(entry) && (!store.isShared()
                    || set(entryKey, entry.removedBy(id, clock.instant()), object.etag()).isPresent())) {
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
