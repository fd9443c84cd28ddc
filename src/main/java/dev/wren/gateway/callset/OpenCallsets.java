package dev.wren.gateway.callset;

import dev.wren.gateway.shard.ShardNote;
import dev.wren.protocol.CallsetId;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/**
 * Makes callset ids, and knows which callsets may not be done: those being received, and those that run. What it knows is
 * noted in the store now and then, so that a start does not look at all callsets. Safe for use by several threads.
 */
@Component
public final class OpenCallsets {

    /** Callsets named in a note; it is the older for it where more are open. */
    static final int MOST_NAMED = 1000;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    /** Tenants of open callsets, by shard. Guarded by this. */
    private final Map<Integer, Map<CallsetId, String>> open = new HashMap<>();
    /** Time of the last id. Guarded by this. */
    private long last;
    /** Shards of which more is known than is noted. Guarded by this. */
    private final Set<Integer> changed = new HashSet<>();

    public OpenCallsets(Clock clock) {
        this.clock = clock;
    }

    /** A new id, later than all before, even if the clock goes back. It is open. */
    public synchronized CallsetId next(String tenant, int shard) {
        last = Math.max(last + 1, clock.millis());
        CallsetId id = CallsetId.of(last, shard, random.nextLong(), random.nextLong());
        of(shard).put(id, tenant);
        changed.add(shard);
        return id;
    }

    private Map<CallsetId, String> of(int shard) {
        return open.computeIfAbsent(shard, _ -> new HashMap<>());
    }

    /** The callset is not done. */
    synchronized void opened(String tenant, CallsetId id) {
        of(id.shard()).put(id, tenant);
        changed.add(id.shard());
    }

    /** Whether the callset may not be done. */
    synchronized boolean isOpen(CallsetId id) {
        return of(id.shard()).containsKey(id);
    }

    /** The callset is done, or there is none any more. */
    public synchronized void closed(CallsetId id) {
        of(id.shard()).remove(id);
        changed.add(id.shard());
    }

    /** How many callsets of a shard are open. */
    public synchronized int count(int shard) {
        return of(shard).size();
    }

    /** Nothing is known of a shard yet, but a note: no new id is from before it. */
    public synchronized void begin(int shard, ShardNote note) {
        open.remove(shard);
        if (note.watermark() == 0) {
            changed.add(shard);
        } else {
            changed.remove(shard);
        }
        last = Math.max(last, note.watermark());
    }

    /** What is known of a shard now, if it is not what it was the last time; whoever cannot note it says so. */
    public synchronized Optional<ShardNote> news(int shard) {
        return changed.contains(shard) ? Optional.of(note(shard)) : Optional.empty();
    }

    /** What was told last of a shard is not noted. */
    public synchronized void notNoted(int shard) {
        changed.add(shard);
    }

    /** What is known of a shard now. */
    public synchronized ShardNote note(int shard) {
        changed.remove(shard);
        // All ids from now on are later.
        last = Math.max(last, clock.millis());
        List<ShardNote.Ref> oldest = of(shard).entrySet().stream()
                .map(entry -> new ShardNote.Ref(entry.getValue(), entry.getKey()))
                .sorted(Comparator.comparing(ShardNote.Ref::id))
                .limit(MOST_NAMED + 1)
                .toList();
        return oldest.size() <= MOST_NAMED
                ? new ShardNote(last + 1, oldest)
                : new ShardNote(oldest.getLast().id().millis(), oldest.subList(0, MOST_NAMED));
    }
}
