package dev.wren.gateway.callset;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes callset ids, and knows which callsets may not be done: those being received, and those that run. What it knows is
 * noted in the store now and then, so that a start does not look at all callsets. Safe for use by several threads.
 */
@Component
public final class OpenCallsets {

    /** The file store has one shard. */
    private static final int SHARD = 0;
    /** Callsets named in a note; it is the older for it where more are open. */
    static final int MOST_NAMED = 1000;

    private static final Logger log = LoggerFactory.getLogger(OpenCallsets.class);

    private final ObjectStore store;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    private final SecureRandom random = new SecureRandom();
    /** Tenants of open callsets. Guarded by this. */
    private final Map<CallsetId, String> open = new HashMap<>();
    /** Time of the last id. Guarded by this. */
    private long last;
    /** Whether more is known than is noted. Guarded by this. */
    private boolean changed = true;
    /** Of what is in the store. Used by one thread at a time. */
    private @Nullable String etag;

    OpenCallsets(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** A callset of a tenant. */
    record Ref(String tenant, CallsetId id) {
    }

    /**
     * What was known at one moment.
     *
     * @param watermark every callset with an id of an earlier time is done, or is named
     * @param named callsets that were open, and are older
     */
    record Note(long watermark, List<Ref> named) {

        Note {
            named = List.copyOf(named);
        }
    }

    /** A new id, later than all before, even if the clock goes back. It is open. */
    public synchronized CallsetId next(String tenant) {
        last = Math.max(last + 1, clock.millis());
        CallsetId id = CallsetId.of(last, SHARD, random.nextLong(), random.nextLong());
        open.put(id, tenant);
        changed = true;
        return id;
    }

    /** The callset is not done. */
    synchronized void opened(String tenant, CallsetId id) {
        open.put(id, tenant);
        changed = true;
    }

    /** The callset is done, or there is none any more. */
    public synchronized void closed(CallsetId id) {
        open.remove(id);
        changed = true;
    }

    /**
     * What an earlier start has noted; nothing where none has, or it cannot be read. No new id is from before it.
     */
    Optional<Note> load() {
        Optional<ObjectStore.StoredObject> object = store.get(ObjectKeys.shard(SHARD));
        if (object.isEmpty()) {
            return Optional.empty();
        }
        etag = object.get().etag();
        Optional<Note> note = read(object.get().bytes());
        if (note.isPresent()) {
            synchronized (this) {
                last = Math.max(last, note.get().watermark());
            }
        }
        return note;
    }

    private Optional<Note> read(byte[] bytes) {
        String wrong = "it is null";
        try {
            Note read = json.readValue(bytes, Note.class);
            if (read != null) {
                return Optional.of(read);
            }
        } catch (JacksonException e) {
            wrong = e.getMessage();
        }
        log.error("{} is damaged; all callsets are looked at: {}", ObjectKeys.shard(SHARD), wrong);
        return Optional.empty();
    }

    /** Notes in the store what is known now, if it is not what was noted before. Called by one thread at a time. */
    public void save() {
        Optional<Note> now = news();
        if (now.isEmpty()) {
            return;
        }
        boolean isNoted = false;
        try {
            Optional<String> written = store.replace(ObjectKeys.shard(SHARD), json.writeValueAsBytes(now.get()), etag);
            isNoted = written.isPresent();
            // Where it is another one, the answer to an earlier request was lost.
            etag = written.or(this::storedEtag).orElse(null);
        } finally {
            if (!isNoted) {
                synchronized (this) {
                    changed = true;
                }
            }
        }
    }

    private Optional<String> storedEtag() {
        return store.get(ObjectKeys.shard(SHARD)).map(object -> {
            object.close();
            return object.etag();
        });
    }

    /** What is known now; nothing if it is noted. */
    private synchronized Optional<Note> news() {
        if (!changed) {
            return Optional.empty();
        }
        changed = false;
        // All ids from now on are later.
        last = Math.max(last, clock.millis());
        List<Ref> oldest = open.entrySet().stream()
                .map(entry -> new Ref(entry.getValue(), entry.getKey()))
                .sorted(Comparator.comparing(Ref::id))
                .limit(MOST_NAMED + 1)
                .toList();
        return Optional.of(oldest.size() <= MOST_NAMED
                ? new Note(last + 1, oldest)
                : new Note(oldest.getLast().id().millis(), oldest.subList(0, MOST_NAMED)));
    }
}
