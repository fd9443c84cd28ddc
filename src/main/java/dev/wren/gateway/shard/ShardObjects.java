package dev.wren.gateway.shard;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.ObjectKeys;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The object of each shard: which gateway holds it, and the note of which of its callsets are open. It is compared and set,
 * so that it is one gateway's; that gateway's own object says whether it lives. Used by one thread at a time.
 */
@Component
public final class ShardObjects {

    private static final Logger log = LoggerFactory.getLogger(ShardObjects.class);

    private final ObjectStore store;
    private final Gateways gateways;
    private final GatewaysSettings settings;
    private final Ticker ticker;
    private final boolean shared;
    private final JsonMapper json = JsonMapper.shared();
    /** Those of which it is not known whether they are held, since an answer was lost. */
    private final Set<Integer> unanswered = new HashSet<>();
    /** ETags of the shards that are held. */
    private final Map<Integer, String> held = new HashMap<>();
    /** Shards of gateways of before there were several, which say that they live in the shard's own object. */
    private final Map<Integer, Watched> watched = new HashMap<>();

    public ShardObjects(ObjectStore store, Gateways gateways, GatewaysSettings settings, Ticker ticker) {
        this.store = store;
        this.gateways = gateways;
        this.settings = settings;
        this.ticker = ticker;
        this.shared = store.isShared();
    }

    /**
     * A shard that was taken.
     *
     * @param note what was open
     * @param released whether its holder before has let go of it, or there was none
     */
    public record Taken(ShardNote note, boolean released) {
    }

    /** The object, as it is written. {@code writes} makes each different from the one before. */
    private record Entry(@Nullable String owner, long writes, long watermark, List<ShardNote.Ref> named) {

        Entry {
            named = List.copyOf(named);
        }
    }

    /**
     * The object, as it is read.
     *
     * @param holder null: nobody
     * @param old the holder, if it is a gateway of before there were several
     */
    private record Read(@Nullable String holder, @Nullable OldHolder old, ShardNote note) {
    }

    private record OldHolder(String address, long leaseMillis) {
    }

    private record Watched(String etag, long since) {
    }

    /** Takes a shard, if nobody who lives holds it. */
    public Optional<Taken> take(int shard) {
        String key = ObjectKeys.shard(shard);
        ObjectStore.StoredObject there = store.get(key).orElse(null);
        String etag = there == null ? null : there.etag();
        Read read = there == null ? new Read(null, null, ShardNote.NONE) : read(key, there.bytes());
        boolean mine = gateways.id().equals(read.holder);
        if (shared && !mine && (read.old == null ? isHeld(read.holder) : isHeld(shard, etag, read.old))) {
            unanswered.remove(shard);
            return Optional.empty();
        }
        watched.remove(shard);
        gateways.noOlder(shard);
        if (!shared) {
            held.put(shard, etag == null ? "" : etag);
        } else if (!answered(shard, () -> write(shard, gateways.id(), read.note, etag))) {
            return Optional.empty();
        }
        return Optional.of(new Taken(read.note, read.holder == null && read.old == null));
    }

    /** Whoever holds them, it is told by {@link #take}. */
    public Set<Integer> unanswered() {
        return Set.copyOf(unanswered);
    }

    private boolean answered(int shard, BooleanSupplier write) {
        unanswered.add(shard);
        boolean done = write.getAsBoolean();
        unanswered.remove(shard);
        return done;
    }

    private boolean isHeld(@Nullable String holder) {
        return holder != null && !gateways.isGone(holder);
    }

    private boolean isHeld(int shard, @Nullable String etag, OldHolder holder) {
        Watched seen = watched.get(shard);
        if (seen == null || !seen.etag.equals(etag)) {
            watched.put(shard, new Watched(String.valueOf(etag), ticker.read()));
            gateways.older(shard, "http://" + holder.address, seen != null);
            return true;
        }
        return ticker.read() - seen.since < Duration.ofMillis(holder.leaseMillis).toNanos();
    }

    private Read read(String key, byte[] bytes) {
        String wrong;
        try {
            JsonNode read = json.readTree(bytes);
            JsonNode owner = read.path("owner");
            if (read.isObject() && read.path("watermark").isIntegralNumber() && read.path("named").isArray()) {
                ShardNote note = new ShardNote(read.path("watermark").asLong(),
                        read.path("named").valueStream().map(ref -> json.treeToValue(ref, ShardNote.Ref.class))
                                .toList());
                OldHolder old = owner.isObject()
                        ? new OldHolder(owner.path("address").asString(),
                                owner.path("leaseMillis").asLong(settings.lease().toMillis()))
                        : null;
                return new Read(owner.isString() ? owner.asString() : null, old, note);
            }
            wrong = "it is no note of a shard";
        } catch (JacksonException e) {
            wrong = String.valueOf(e.getMessage());
        }
        log.error("{} is damaged; all callsets of the shard are looked at: {}", key, wrong);
        return new Read(null, null, ShardNote.NONE);
    }

    private boolean write(int shard, @Nullable String holder, ShardNote note, @Nullable String etag) {
        byte[] bytes = json.writeValueAsBytes(new Entry(holder, ticker.read(), note.watermark(), note.named()));
        Optional<String> written = store.replace(ObjectKeys.shard(shard), bytes, etag);
        written.ifPresent(tag -> held.put(shard, tag));
        return written.isPresent();
    }

    /**
     * Writes the note of a shard that is held.
     *
     * @return false if another holds it
     */
    public boolean note(int shard, ShardNote note) {
        return put(shard, note, shared ? gateways.id() : null);
    }

    /** Lets go of a shard, with the last note. */
    public void release(int shard, ShardNote note) {
        boolean was = answered(shard, () -> put(shard, note, null));
        held.remove(shard);
        if (!was) {
            log.warn("shard {} was another's when it was let go of", shard);
        }
    }

    /** The shard is another's. */
    public void lost(int shard) {
        held.remove(shard);
    }

    private boolean put(int shard, ShardNote note, @Nullable String holder) {
        String etag = held.get(shard);
        return (etag != null && write(shard, holder, note, etag.isEmpty() ? null : etag))
                || (reread(shard) && write(shard, holder, note, held.get(shard)));
    }

    /** It is not as it was: an answer was lost, or another has it. */
    private boolean reread(int shard) {
        String key = ObjectKeys.shard(shard);
        ObjectStore.StoredObject there = store.get(key).orElse(null);
        if (there == null) {
            return false;
        }
        boolean mine = !shared || gateways.id().equals(read(key, there.bytes()).holder);
        if (mine) {
            held.put(shard, there.etag());
        }
        return mine;
    }
}
