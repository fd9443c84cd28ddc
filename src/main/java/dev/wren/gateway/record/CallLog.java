package dev.wren.gateway.record;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.store.AtOnce;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * The logs of outcomes, read and written segment by segment. One of more than a few segments gets an index when it is done,
 * so that what is asked of it costs the same however many there are. Safe for use by several threads.
 */
@Component
public final class CallLog implements AutoCloseable {

    private static final int PAGE = 1000;
    /** Segments that are read without an index. */
    static final int FEW = 8;
    /** Segments that are read at once. */
    private static final int AT_ONCE = 16;
    /** Logs that wait for their index; more get it when they are read the next time. */
    private static final int WAITING = 1000;
    private static final Logger log = LoggerFactory.getLogger(CallLog.class);

    /** Bytes of a cache's entry besides what is in it, measured. */
    private static final int ENTRY = 350;

    private final ObjectStore store;
    private final Cache<Place, Kept> segments;
    private final ExecutorService indexing;

    @Autowired
    CallLog(ObjectStore store, RecordSettings settings) {
        this(store, settings, new ThreadPoolExecutor(0, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING),
                Thread.ofPlatform().daemon().name("log-index").factory(), new ThreadPoolExecutor.DiscardPolicy()));
    }

    /**
     * Logs in a store.
     *
     * @param indexing writes indexes; ended with this
     */
    public CallLog(ObjectStore store, RecordSettings settings, ExecutorService indexing) {
        this.indexing = indexing;
        this.store = store;
        this.segments = Caffeine.newBuilder()
                .maximumWeight(settings.segmentCache().toBytes())
                .weigher((Place _, Kept kept) -> ENTRY + kept.key.length() + kept.bytes.length)
                .build();
    }

    /** Creates segment {@code n}, or finds it there with just these bytes; false if there is another. */
    public boolean append(String tenant, CallsetId id, int n, byte[] segment) {
        Place at = new Place(tenant, id, n);
        String key = at.key();
        boolean ours = store.putOrFind(key, segment);
        if (ours) {
            segments.put(at, new Kept(key, segment));
        }
        return ours;
    }

    /** Removes segment {@code n} of a callset that was deleted. */
    public void remove(String tenant, CallsetId id, int n) {
        Place at = new Place(tenant, id, n);
        segments.invalidate(at);
        store.delete(List.of(at.key()));
    }

    /** The totals of the last segment; nothing if there is no segment. */
    public Optional<Segment.Head> last(String tenant, CallsetId id) {
        Keys keys = keys(tenant, id, true);
        if (keys.index != null) {
            String index = keys.index;
            try {
                return Optional.of(LogIndex.head(index,
                        store.read(index, 0, LogIndex.START).orElseThrow(() -> missing(index))));
            } catch (DamagedObjectException e) {
                keys = withoutIndex(tenant, id, e);
            }
        }
        if (keys.segments.isEmpty()) {
            return Optional.empty();
        }
        String key = keys.segments.getLast();
        Kept cached = segments.getIfPresent(new Place(tenant, id, keys.segments.size() - 1));
        byte[] head = cached != null ? cached.bytes : store.read(key, 0, Segment.HEAD).orElseThrow(() -> missing(key));
        return Optional.of(Segment.head(key, head));
    }

    /** What the index says is in the segments too. */
    private Keys withoutIndex(String tenant, CallsetId id, DamagedObjectException e) {
        log.error("callset {}: the segments are read instead of the index of its log: {}", id, e.getMessage());
        return keys(tenant, id, false);
    }

    /**
     * What a log says.
     *
     * @param head the last segment's; nothing if there is none
     * @param indexed whether an index says so
     */
    public record Replayed(CallTable table, int segments, Optional<Segment.Head> head, boolean indexed) {
    }

    /** Reads the whole log of a callset of {@code size} calls, or its index. */
    public Replayed replay(String tenant, CallsetId id, int size) {
        Keys listed = keys(tenant, id, true);
        if (listed.index != null) {
            String key = listed.index;
            try {
                LogIndex index = LogIndex.decode(key, store.get(key).orElseThrow(() -> missing(key)).bytes(), size);
                return new Replayed(index.table(), index.segments(), Optional.of(index.head()), true);
            } catch (DamagedObjectException e) {
                listed = withoutIndex(tenant, id, e);
            }
        }
        int count = listed.segments.size();
        CallTable table = new CallTable(size);
        Optional<Segment.Head> head = Optional.empty();
        for (int from = 0; from < count; from += AT_ONCE) {
            List<Place> some = IntStream.range(from, Math.min(count, from + AT_ONCE))
                    .mapToObj(n -> new Place(tenant, id, n)).toList();
            List<Kept> read = AtOnce.map(some, this::read);
            for (int i = 0; i < some.size(); i++) {
                head = Optional.of(replay(read.get(i), from + i, table));
            }
        }
        return new Replayed(table, count, head, false);
    }

    private static Segment.Head replay(Kept kept, int number, CallTable table) {
        return Segment.replay(kept.key, kept.bytes, new Segment.Visitor() {
            @Override
            public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                if (last) {
                    table.end(call, attempt, outcome, number, offset);
                } else {
                    table.keep(call, attempt, number, offset);
                }
            }

            @Override
            public void cancelled(int from, int to) {
                table.cancel(from, to);
            }

            @Override
            public void invoked(int from, int to, int attempt, long send) {
                table.sent(from, to, attempt, send);
            }
        });
    }

    /**
     * Writes the index of a log that has more than a few segments, soon; it is not kept from being asked for again.
     *
     * @param state what the log says, asked for then; nothing if it is not to be written after all
     */
    public void indexSoon(String tenant, CallsetId id, int count, Supplier<Optional<Replayed>> state) {
        if (count <= FEW) {
            return;
        }
        String key = ObjectKeys.logIndex(tenant, id);
        indexing.execute(() -> {
            try {
                if (state.get().isPresent() && store.read(key, 0, 1).isEmpty()) {
                    Replayed now = state.get().orElseThrow();
                    boolean _ = store.putIfAbsent(key,
                            new LogIndex(now.table, now.segments, now.head.orElseThrow()).encode());
                }
                if (state.get().isEmpty()) {
                    // Deleted meanwhile.
                    store.delete(List.of(key));
                }
            } catch (RuntimeException e) {
                log.warn("callset {}: its log gets an index later: {}", id, e.toString());
            }
        });
    }

    @Override
    public void close() {
        indexing.shutdownNow();
    }

    /** Calls that ended with segment {@code n}, in its order. */
    public int[] ended(String tenant, CallsetId id, int n) {
        Kept kept = read(new Place(tenant, id, n));
        IntStream.Builder calls = IntStream.builder();
        Segment.replay(kept.key, kept.bytes, new Segment.Visitor() {
            @Override
            public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                if (last) {
                    calls.add(call);
                }
            }

            @Override
            public void cancelled(int from, int to) {
                for (int call = from; call < to; call++) {
                    calls.add(call);
                }
            }
        });
        return calls.build().toArray();
    }

    /** The record at a place in the log. */
    public Call.Attempt attempt(String tenant, CallsetId id, CallTable.Location at) {
        Kept kept = read(new Place(tenant, id, at.segment()));
        return Segment.attempt(kept.key, kept.bytes, at.offset());
    }

    /** Where a segment is. To look for it in the cache by its key would mean to write the key for every call. */
    private record Place(String tenant, CallsetId id, int number) {

        String key() {
            return ObjectKeys.segment(tenant, id, number);
        }
    }

    /** A segment, and the key of its object. */
    private static final class Kept {
        private final String key;
        private final byte[] bytes;

        Kept(String key, byte[] bytes) {
            this.key = key;
            this.bytes = bytes;
        }
    }

    private Kept read(Place at) {
        Kept cached = segments.getIfPresent(at);
        if (cached != null) {
            return cached;
        }
        String key = at.key();
        byte[] bytes = store.get(key).orElseThrow(() -> missing(key)).bytes();
        Segment.check(key, bytes);
        Kept kept = new Kept(key, bytes);
        segments.put(at, kept);
        return kept;
    }

    /**
     * Where a log is.
     *
     * @param index null where there is none, or it is not asked for
     * @param segments keys of all segments, in order; none where there is an index
     */
    private record Keys(@Nullable String index, List<String> segments) {
    }

    private Keys keys(String tenant, CallsetId id, boolean preferIndex) {
        String index = ObjectKeys.logIndex(tenant, id);
        List<String> keys = new ArrayList<>();
        List<ObjectStore.Entry> page;
        String after = null;
        do {
            page = store.list(ObjectKeys.log(tenant, id), after, PAGE);
            for (ObjectStore.Entry entry : page) {
                after = entry.key();
                if (!after.equals(index)) {
                    keys.add(after);
                } else if (preferIndex) {
                    return new Keys(index, List.of());
                }
            }
        } while (page.size() == PAGE);
        for (int n = 0; n < keys.size(); n++) {
            String expected = ObjectKeys.segment(tenant, id, n);
            if (!keys.get(n).equals(expected)) {
                throw missing(expected);
            }
        }
        return new Keys(null, keys);
    }

    private static DamagedObjectException missing(String key) {
        return new DamagedObjectException(key, "the segment is not there", null);
    }
}
