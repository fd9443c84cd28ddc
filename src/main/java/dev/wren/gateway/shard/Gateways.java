package dev.wren.gateway.shard;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The gateways that use the store. Each has an object there, which it compares and sets well within its lease; that is its
 * lease of all the shards that it holds. Another that has not changed for most of its lease is buried: its object is
 * replaced, so that it finds out if it lives after all, and removed. Nobody compares times of two machines: what counts is
 * how long another's object was seen not to change, and how long ago this gateway asked for its own, by a clock that goes
 * on while the process is paused.
 *
 * <p>
 * That keeps two gateways from doing the same work. What keeps answers right is the log. What changes something is called by
 * one thread at a time; the rest by any.
 */
@Component
public final class Gateways {

    private static final Logger log = LoggerFactory.getLogger(Gateways.class);
    private static final int PAGE = 1000;
    /** Words of a gateway in its lease. */
    private static final int WORDS = 5;
    /** Tenths of the lease for which a gateway believes in what it asked for, and those after which nobody else does. */
    private static final int SURE = 6;
    private static final int OVER = 7;
    /** Words of this gateway from one list of all others to the next. */
    private static final int LISTS = 5;

    private final ObjectStore store;
    private final Duration lease;
    private final Duration patience;
    private final Ticker ticker;
    private final Instant since;
    private final boolean shared;
    private final JsonMapper json = JsonMapper.shared();
    private final Changes changes = new Changes();
    private final Map<String, Watched> watched = new HashMap<>();
    private volatile String id = UUID.randomUUID().toString();
    private volatile @Nullable String address;
    private volatile List<Peer> others = List.of();
    private final Map<Integer, Peer> older = new ConcurrentHashMap<>();
    /** Until when this gateway is sure not to be buried, in the ticker's time. */
    private volatile long until;
    private volatile boolean member;
    private volatile @Nullable String trouble;
    private GatewayRecord.State state = GatewayRecord.State.MEMBER;
    private @Nullable String etag;
    private long writes;
    private int looks;

    public Gateways(ObjectStore store, GatewaysSettings settings, Clock clock, Ticker ticker) {
        this.store = store;
        this.lease = settings.lease();
        this.patience = settings.patience();
        this.ticker = ticker;
        this.shared = store.isShared();
        this.since = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    /**
     * Another gateway.
     *
     * @param id of its process
     * @param address where it is reached; null while it does not listen
     * @param shards that it holds
     * @param stays whether it takes part in sharing the shards
     * @param isAlive whether it has said something since this gateway saw it first
     */
    public record Peer(String id, @Nullable URI address, Set<Integer> shards, boolean stays, boolean isAlive) {

        public Peer {
            shards = Set.copyOf(shards);
        }

        @Override
        public String toString() {
            return "the gateway " + (address == null ? id : "at " + address);
        }
    }

    /** Another's object as it was seen, and since when. */
    private static final class Watched {
        private String etag = "";
        private long since;
        private boolean isAlive;
        private @Nullable GatewayRecord says;
    }

    /** The id of this gateway; another one after it was buried. */
    public String id() {
        return id;
    }

    /** How often {@link #renew} is to be called. */
    public Duration period() {
        return lease.dividedBy(WORDS);
    }

    /** The time after which nothing that a gateway has begun before it was lost is still to come. */
    public Duration late() {
        return lease.multipliedBy(2);
    }

    /** Whether it is sure that no other gateway holds what this one does. */
    public boolean isSure() {
        return !shared || (member && ticker.read() - until < 0);
    }

    /** Waits for a while until it is sure, as it is again when its next word is written, or {@code wanted} holds no more. */
    void awaitSure(BooleanSupplier wanted) throws InterruptedException {
        long end = ticker.read() + patience.toNanos();
        while (true) {
            long seen = changes.count();
            long left = end - ticker.read();
            if (isSure() || left <= 0 || !wanted.getAsBoolean()) {
                return;
            }
            changes.await(seen, Duration.ofNanos(left));
        }
    }

    /** Why the last word could not be written; nothing if it could. */
    public Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    /** The others, as they were seen last. */
    public List<Peer> others() {
        return others;
    }

    /** Who holds a shard, as far as that is known. */
    public Optional<Peer> holder(int shard) {
        return others.stream().filter(peer -> peer.shards().contains(shard)).findFirst()
                .or(() -> Optional.ofNullable(older.get(shard)));
    }

    /** Whether another gateway uses the store for sure. */
    public boolean hasLivingOthers() {
        return Stream.concat(others.stream(), older.values().stream()).anyMatch(Peer::isAlive);
    }

    /** Counts what may have changed of what {@link #holder}, {@link #others} and {@link HeldShards} tell. */
    public Changes changes() {
        return changes;
    }

    /** A shard is held by a gateway of before there were several, which has no object of its own. */
    void older(int shard, String at, boolean isAlive) {
        older.put(shard, new Peer(at, uri(at), Set.of(shard), false, isAlive));
    }

    void noOlder(int shard) {
        older.remove(shard);
    }

    /** Where this gateway is reached; nothing while it does not listen. */
    public Optional<URI> address() {
        return Optional.ofNullable(uri(address));
    }

    /** Where this gateway is reached; said with its next word. */
    public void listensAt(@Nullable String here) {
        address = here;
    }

    /**
     * A word of this gateway: it lives, and holds these shards.
     *
     * @return false if it was buried: others may hold by now what it held, and it is another gateway from now on
     * @throws StoreException if that cannot be told now
     */
    public boolean renew(Collection<Integer> shards) {
        try {
            boolean mine = write(shards) || (reread() && write(shards));
            trouble = null;
            if (!mine) {
                member = false;
                id = UUID.randomUUID().toString();
                etag = null;
            }
            return mine;
        } catch (RuntimeException e) {
            trouble = String.valueOf(e.getMessage());
            throw e;
        }
    }

    private boolean write(Collection<Integer> shards) {
        long begun = ticker.read();
        GatewayRecord now = new GatewayRecord(id, address, since, lease.toMillis(), ++writes, Set.copyOf(shards),
                state);
        Optional<String> written = store.replace(ObjectKeys.gateway(id), json.writeValueAsBytes(now), etag);
        written.ifPresent(tag -> {
            etag = tag;
            member = true;
            until = begun + lease.toNanos() / 10 * SURE;
            changes.happened();
        });
        return written.isPresent();
    }

    /** It is not as it was: an answer was lost, or this gateway was buried. */
    private boolean reread() {
        Optional<ObjectStore.StoredObject> there = store.get(ObjectKeys.gateway(id));
        String tag = there.map(ObjectStore.StoredObject::etag).orElse(null);
        GatewayRecord says = there.flatMap(object -> read(object.bytes())).orElse(null);
        if (says == null ? member || tag != null : says.state() == GatewayRecord.State.BURIED) {
            return false;
        }
        etag = tag;
        return true;
    }

    private Optional<GatewayRecord> read(byte[] bytes) {
        try {
            return Optional.ofNullable(json.readValue(bytes, GatewayRecord.class));
        } catch (JacksonException e) {
            log.debug("what a gateway says of itself cannot be read", e);
            return Optional.empty();
        }
    }

    /** This gateway is about to let go of all that it holds; said with its next word. */
    public void leave() {
        state = GatewayRecord.State.LEAVING;
    }

    /** This gateway holds nothing any more, and is gone. */
    public void gone() {
        member = false;
        if (shared) {
            store.delete(List.of(ObjectKeys.gateway(id)));
        }
    }

    /**
     * Looks at the others, and buries those that have said nothing for too long.
     *
     * @param all whether those are looked for that are not known yet
     */
    public void look(boolean all) {
        Set<String> known = Set.copyOf(watched.keySet());
        List<String> keys = all || looks++ % LISTS == 0
                ? store.list(ObjectKeys.gateways(), null, PAGE).stream().map(ObjectStore.Entry::key).toList()
                : List.copyOf(known);
        watched.keySet().retainAll(Set.copyOf(keys));
        for (String key : keys) {
            if (!key.equals(ObjectKeys.gateway(id))) {
                look(key);
            }
        }
        publish();
    }

    private void look(String key) {
        ObjectStore.StoredObject there = store.get(key).orElse(null);
        if (there == null) {
            watched.remove(key);
            return;
        }
        GatewayRecord says = read(there.bytes()).orElse(null);
        Watched seen = watched.computeIfAbsent(key, _ -> new Watched());
        if (!seen.etag.equals(there.etag())) {
            seen.isAlive = !seen.etag.isEmpty();
            seen.etag = there.etag();
            seen.since = ticker.read();
            seen.says = says;
        }
        boolean buried = says != null && says.state() == GatewayRecord.State.BURIED;
        Duration whole = says == null ? lease : Duration.ofMillis(says.leaseMillis());
        if (buried || ticker.read() - seen.since >= whole.toNanos() / 10 * OVER) {
            bury(key, seen, says, buried);
        }
    }

    private void bury(String key, Watched seen, @Nullable GatewayRecord says, boolean buried) {
        if (!buried) {
            GatewayRecord grave = says == null
                    ? new GatewayRecord("", null, since, lease.toMillis(), 0, Set.of(), GatewayRecord.State.BURIED)
                    : says.buried();
            if (store.replace(key, json.writeValueAsBytes(grave), seen.etag).isEmpty()) {
                // It lives, or another was faster.
                return;
            }
            log.warn("nothing was heard of {} for {} s: what it held is taken over",
                    says == null ? key : says, (ticker.read() - seen.since) / 1_000_000_000);
        }
        store.delete(List.of(key));
        watched.remove(key);
    }

    private void publish() {
        List<Peer> now = new ArrayList<>();
        for (Watched seen : watched.values()) {
            GatewayRecord says = seen.says;
            if (says != null && says.state() != GatewayRecord.State.BURIED) {
                now.add(new Peer(says.id(), uri(says.address()), says.shards(),
                        says.state() == GatewayRecord.State.MEMBER, seen.isAlive));
            }
        }
        others = List.copyOf(now);
        changes.happened();
    }

    private static @Nullable URI uri(@Nullable String address) {
        try {
            return address == null ? null : URI.create(address);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /** Whether a gateway of that id holds nothing any more: it has said farewell, or was buried. Reads the store. */
    boolean isGone(String other) {
        return !other.equals(id) && store.get(ObjectKeys.gateway(other)).flatMap(there -> read(there.bytes()))
                .map(says -> says.state() == GatewayRecord.State.BURIED).orElseGet(() -> isAbsent(other));
    }

    /** One that cannot be read may be anybody's. */
    private boolean isAbsent(String other) {
        return store.read(ObjectKeys.gateway(other), 0, 1).isEmpty();
    }
}
