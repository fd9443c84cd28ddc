package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.ObjectKeys;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The right to drive what is in the store: an object that is compared and set, and says whose it is, with the note of which
 * callsets are open. It is renewed well within its time, and not believed any more when that has passed since it was asked
 * for last, by a clock that goes on while the process stands still. Nobody compares times of two machines: another's is
 * over when it was watched for its whole time and has not changed. Where a store is locked otherwise, there is only the
 * note.
 *
 * <p>
 * It keeps two gateways from doing the same work. What keeps answers right is the log. Only {@link #isHeld()},
 * {@link #trouble()} and {@link #holder()} may be called by any thread; the others by one at a time.
 */
final class ShardLease {

    private static final Logger log = LoggerFactory.getLogger(ShardLease.class);
    private static final String KEY = ObjectKeys.shard(OpenCallsets.SHARD);

    private final ObjectStore store;
    private final OpenCallsets open;
    private final Duration time;
    private final Supplier<String> address;
    private final Ticker ticker;
    private final JsonMapper json = JsonMapper.shared();
    private final String id = UUID.randomUUID().toString();
    private final Instant since;
    private final boolean shared;
    /** Until when it is sure to be held, in the ticker's time. */
    private volatile long until;
    private volatile boolean mine;
    private volatile @Nullable String trouble;
    private volatile @Nullable Owner other;
    /** What was there before it is known here which callsets are open; null when it is. */
    private @Nullable Entry taken;
    private @Nullable String etag;
    private long writes;
    /** Another's object as it was seen, and since when. */
    private @Nullable String watched;
    private long watchedSince;

    /**
     * A lease that is not held yet.
     *
     * @param time of the lease
     * @param address where this gateway can be reached
     */
    ShardLease(ObjectStore store, OpenCallsets open, Duration time, Supplier<String> address, Clock clock,
            Ticker ticker) {
        this.store = store;
        this.open = open;
        this.time = time;
        this.address = address;
        this.ticker = ticker;
        this.shared = store.isShared();
        this.since = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    /**
     * Whose it is.
     *
     * @param id of the process
     * @param address where it can be reached
     * @param since when it started
     * @param leaseMillis the time for which it holds after each renewal
     */
    record Owner(String id, String address, Instant since, long leaseMillis) {

        @Override
        public String toString() {
            return "the gateway at " + address + ", started " + since;
        }
    }

    /**
     * The object.
     *
     * @param owner null: nobody
     * @param writes differs from one renewal to the next
     * @param watermark of the note, see {@link OpenCallsets.Note}
     * @param named likewise
     */
    private record Entry(@Nullable Owner owner, @Nullable Long writes, long watermark, List<OpenCallsets.Ref> named) {

        Entry {
            named = List.copyOf(named);
        }

        OpenCallsets.Note note() {
            return new OpenCallsets.Note(watermark, named);
        }
    }

    /**
     * The lease was taken.
     *
     * @param note what was open; nothing if it is not known
     * @param released whether its owner before has let go of it, or there was none
     */
    record Taken(Optional<OpenCallsets.Note> note, boolean released) {
    }

    /** What a look at another's lease showed. */
    enum Look {
        TAKEN,
        /** It may be over. */
        WAITING,
        /** It was renewed since the look before. */
        RENEWED
    }

    /** Whether it is sure that no other gateway drives what is in the store. */
    boolean isHeld() {
        return !shared || (mine && ticker.read() - until < 0);
    }

    /** Why it could not be renewed the last time; nothing if it could. */
    Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    /** Who holds it instead, where that is known. */
    Optional<String> holder() {
        return Optional.ofNullable(other).map(Owner::toString);
    }

    /** How often it is to be renewed, or looked at while another has it; nothing where there is only a note. */
    Optional<Duration> period() {
        return shared ? Optional.of(time.dividedBy(3)) : Optional.empty();
    }

    /** What was taken; once {@link #look} has said so. */
    Taken taken() {
        Entry before = taken;
        return new Taken(Optional.ofNullable(before).filter(entry -> entry.watermark > 0).map(Entry::note),
                watched == null);
    }

    /** Looks at who has it, and takes it where nobody has, or its owner has not renewed it for its whole time. */
    Look look() {
        long begun = ticker.read();
        Optional<ObjectStore.StoredObject> object = store.get(KEY);
        String there = object.map(ObjectStore.StoredObject::etag).orElse(null);
        Optional<Entry> entry = object.flatMap(each -> read(each.bytes()));
        Owner owner = entry.map(Entry::owner).orElse(null);
        if (shared && there != null && (owner != null || entry.isEmpty())) {
            boolean isNew = !there.equals(watched);
            boolean renewed = isNew && watched != null;
            other = owner;
            if (isNew) {
                watched = there;
                watchedSince = ticker.read();
            }
            Duration whole = owner == null ? time : Duration.ofMillis(owner.leaseMillis);
            if (isNew || ticker.read() - watchedSince < whole.toNanos()) {
                return renewed ? Look.RENEWED : Look.WAITING;
            }
        } else {
            watched = null;
        }
        taken = entry.orElse(new Entry(null, null, 0, List.of()));
        etag = there;
        if (shared && !write(begun, taken.note())) {
            return Look.WAITING;
        }
        other = null;
        return Look.TAKEN;
    }

    private Optional<Entry> read(byte[] bytes) {
        String wrong = "it is null";
        try {
            Entry read = json.readValue(bytes, Entry.class);
            if (read != null) {
                return Optional.of(read);
            }
        } catch (JacksonException e) {
            wrong = e.getMessage();
        }
        log.error("{} is damaged; all callsets are looked at: {}", KEY, wrong);
        return Optional.empty();
    }

    /** It is known here which callsets are open. */
    void recovered() {
        taken = null;
    }

    /**
     * Renews it, and notes which callsets are open; where there is only the note, if there is something new.
     *
     * @return false if another gateway has it
     * @throws dev.wren.gateway.store.StoreException if that cannot be told now
     */
    boolean renew() {
        long begun = ticker.read();
        Entry before = taken;
        Optional<OpenCallsets.Note> note;
        if (shared) {
            note = Optional.of(before == null ? open.note() : before.note());
        } else {
            note = before == null ? open.news() : Optional.empty();
        }
        if (note.isEmpty()) {
            trouble = null;
            return true;
        }
        boolean written = false;
        try {
            written = write(begun, note.get()) || (reread() && write(begun, note.get()));
            trouble = null;
        } catch (RuntimeException e) {
            trouble = String.valueOf(e.getMessage());
            throw e;
        } finally {
            if (!written) {
                open.notNoted();
            }
        }
        return written;
    }

    private boolean write(long begun, OpenCallsets.Note note) {
        Owner me = new Owner(id, address.get(), since, time.toMillis());
        Optional<String> now = replace(shared ? me : null, note);
        if (now.isEmpty()) {
            return false;
        }
        mine = true;
        // A tenth less, so that two clocks that go at different speeds still agree.
        until = begun + time.toNanos() / 10 * 9;
        return true;
    }

    private Optional<String> replace(@Nullable Owner owner, OpenCallsets.Note note) {
        Optional<String> now = store.replace(KEY,
                json.writeValueAsBytes(new Entry(owner, ++writes, note.watermark(), note.named())), etag);
        now.ifPresent(written -> etag = written);
        return now;
    }

    /** It is not as it was: an answer was lost, or another has it. */
    private boolean reread() {
        Optional<ObjectStore.StoredObject> object = store.get(KEY);
        Owner owner = object.flatMap(each -> read(each.bytes())).map(Entry::owner).orElse(null);
        if (shared && (owner == null || !owner.id.equals(id))) {
            mine = false;
            other = owner;
            watched = null;
            return false;
        }
        etag = object.map(ObjectStore.StoredObject::etag).orElse(null);
        return true;
    }

    /** Lets go of it, with the last note; whoever waits for it need not wait its time. */
    void release() {
        if (!shared) {
            renew();
        } else if (mine) {
            mine = false;
            Entry before = taken;
            if (replace(null, before == null ? open.note() : before.note()).isEmpty()) {
                log.warn("the lease of the store was another's when it was let go of");
            }
        }
    }
}
