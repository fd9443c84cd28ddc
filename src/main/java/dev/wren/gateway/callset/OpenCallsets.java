package dev.wren.gateway.callset;

import dev.wren.protocol.CallsetId;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Makes callset ids, and knows which callsets may not be done: those being received, and those that run. What it knows is
 * noted in the store now and then, so that a start does not look at all callsets. Safe for use by several threads.
 */
@Component
public final class OpenCallsets {

    /** There is one shard. */
    public static final int SHARD = 0;
    /** Callsets named in a note; it is the older for it where more are open. */
    static final int MOST_NAMED = 1000;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    /** Tenants of open callsets. Guarded by this. */
    private final Map<CallsetId, String> open = new HashMap<>();
    /** Time of the last id. Guarded by this. */
    private long last;
    /** Whether more is known than is noted. Guarded by this. */
    private boolean changed = true;

    public OpenCallsets(Clock clock) {
        this.clock = clock;
    }

    /** A callset of a tenant. */
    public record Ref(String tenant, CallsetId id) {
    }

    /**
     * What was known at one moment.
     *
     * @param watermark every callset with an id of an earlier time is done, or is named
     * @param named callsets that were open, and are older
     */
    public record Note(long watermark, List<Ref> named) {

        public Note {
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

    /** Whether the callset may not be done. */
    synchronized boolean isOpen(CallsetId id) {
        return open.containsKey(id);
    }

    /** The callset is done, or there is none any more. */
    public synchronized void closed(CallsetId id) {
        open.remove(id);
        changed = true;
    }

    /** Nothing is known yet, but a note: no new id is from before it. */
    public synchronized void begin(Optional<Note> note) {
        open.clear();
        changed = true;
        note.ifPresent(noted -> last = Math.max(last, noted.watermark()));
    }

    /** What is known now, if it is not what it was the last time; whoever cannot note it says so. */
    public synchronized Optional<Note> news() {
        return changed ? Optional.of(note()) : Optional.empty();
    }

    /** What was told last is not noted. */
    public synchronized void notNoted() {
        changed = true;
    }

    /** What is known now. */
    public synchronized Note note() {
        changed = false;
        // All ids from now on are later.
        last = Math.max(last, clock.millis());
        List<Ref> oldest = open.entrySet().stream()
                .map(entry -> new Ref(entry.getValue(), entry.getKey()))
                .sorted(Comparator.comparing(Ref::id))
                .limit(MOST_NAMED + 1)
                .toList();
        return oldest.size() <= MOST_NAMED
                ? new Note(last + 1, oldest)
                : new Note(oldest.getLast().id().millis(), oldest.subList(0, MOST_NAMED));
    }
}
