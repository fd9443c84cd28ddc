package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.remote.RemoteHeartbeat;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is known of a pool's machines, and is kept in the store, so that it outlives the gateway. Heartbeats are written now
 * and then only. Safe for use by several threads.
 */
final class Machines {

    private static final Logger log = LoggerFactory.getLogger(Machines.class);
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    /** How EC2's ids begin: a machine that is not EC2's cannot have one. */
    static final String EC2_ID = "i-";
    /** Machines that have come by themselves. */
    private static final int MOST_JOINED = 1000;
    private static final int PAGE = 1000;
    private static final Duration WRITE_EVERY = Duration.ofMinutes(1);

    private final String pool;
    private final ObjectStore store;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    /** Guarded by this. */
    private final Map<String, Kept> byId = new HashMap<>();

    Machines(String pool, ObjectStore store, Clock clock) {
        this.pool = pool;
        this.store = store;
        this.clock = clock;
    }

    /** What is known, and what of it is in the store. */
    private static final class Kept {
        private MachineRecord now;
        private @Nullable MachineRecord written;
        private @Nullable String etag;

        Kept(MachineRecord now) {
            this.now = now;
        }
    }

    private String key(String id) {
        return ObjectKeys.instances(pool) + id;
    }

    /**
     * Reads what an earlier start, or another gateway, has written.
     *
     * @throws StoreException if that is not possible now
     */
    void load() {
        String prefix = ObjectKeys.instances(pool);
        String after = null;
        List<ObjectStore.Entry> page;
        do {
            page = store.list(prefix, after, PAGE);
            for (ObjectStore.Entry entry : page) {
                after = entry.key();
                store.get(entry.key()).ifPresent(this::read);
            }
        } while (page.size() == PAGE);
    }

    private void read(ObjectStore.StoredObject object) {
        try {
            MachineRecord there = json.readValue(object.bytes(), MachineRecord.class);
            synchronized (this) {
                Kept kept = byId.computeIfAbsent(there.id(), _ -> new Kept(there));
                kept.etag = object.etag();
                kept.written = there;
                kept.now = kept.now.with(there);
            }
        } catch (JacksonException e) {
            log.warn("pool {}: what is known of a machine cannot be read, and is passed over: {}", pool,
                    e.getMessage());
        }
    }

    /**
     * A machine says what it is at.
     *
     * @param genuine whether it has the pool's token
     * @return false if it is not believed
     */
    boolean heard(RemoteHeartbeat heartbeat, boolean genuine) {
        String id = heartbeat.id();
        if (!ID.matcher(id).matches() || (id.startsWith(EC2_ID) && !genuine)) {
            return false;
        }
        synchronized (this) {
            Kept kept = byId.get(id);
            if (kept == null) {
                if (!genuine && byId.keySet().stream().filter(each -> !each.startsWith(EC2_ID))
                        .count() >= MOST_JOINED) {
                    return false;
                }
                kept = new Kept(new MachineRecord(id, null, null, null, null));
                byId.put(id, kept);
            }
            RemoteHeartbeat last = kept.now.heartbeat();
            if (last == null || last.sequence() < heartbeat.sequence()) {
                kept.now = kept.now.heard(clock.instant(), heartbeat);
            }
            return true;
        }
    }

    /** Machines were launched, or are to end: that is durable when this returns. */
    void put(Collection<String> ids, UnaryOperator<MachineRecord> change) {
        for (String id : ids) {
            synchronized (this) {
                Kept kept = byId.computeIfAbsent(id, _ -> new Kept(new MachineRecord(id, null, null, null, null)));
                kept.now = change.apply(kept.now);
            }
            write(id);
        }
    }

    synchronized Optional<MachineRecord> find(String id) {
        return Optional.ofNullable(byId.get(id)).map(kept -> kept.now);
    }

    synchronized List<MachineRecord> all() {
        return byId.values().stream().map(kept -> kept.now).toList();
    }

    /** Machines that are gone are forgotten, in the store too. */
    void forget(Collection<String> ids) {
        if (ids.isEmpty()) {
            return;
        }
        synchronized (this) {
            byId.keySet().removeAll(ids);
        }
        store.delete(ids.stream().map(this::key).toList());
    }

    /** Writes what is worth it by now. */
    void write() {
        Instant now = clock.instant();
        List<String> due;
        synchronized (this) {
            due = byId.values().stream().filter(kept -> isDue(kept, now)).map(kept -> kept.now.id()).toList();
        }
        due.forEach(this::write);
    }

    private static boolean isDue(Kept kept, Instant now) {
        MachineRecord written = kept.written;
        if (written == null || kept.now.equals(written)) {
            return written == null;
        }
        RemoteHeartbeat heartbeat = kept.now.heartbeat();
        RemoteHeartbeat before = written.heartbeat();
        return heartbeat == null || before == null || heartbeat.state() != before.state() || written.heardAt() == null
                || !now.isBefore(written.heardAt().plus(WRITE_EVERY));
    }

    private void write(String id) {
        MachineRecord record;
        String etag;
        synchronized (this) {
            Kept kept = byId.get(id);
            if (kept == null) {
                return;
            }
            record = kept.now;
            etag = kept.etag;
        }
        byte[] bytes = json.writeValueAsBytes(record);
        Optional<String> written = store.replace(key(id), bytes, etag);
        if (written.isEmpty()) {
            // Another gateway has written it meanwhile, or removed it: what is known here is newer.
            String there = store.get(key(id)).map(object -> {
                object.close();
                return object.etag();
            }).orElse(null);
            written = store.replace(key(id), bytes, there);
        }
        String now = written.orElse(null);
        synchronized (this) {
            Kept kept = byId.get(id);
            if (kept != null) {
                kept.etag = now;
                kept.written = now == null ? kept.written : record;
            }
        }
    }
}
