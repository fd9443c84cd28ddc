package dev.wren.gateway.record;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.store.AtOnce;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
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

    /** Bytes of a cache's entry besides the segment; 119 were measured, with 40,000 of them. */
    private static final int ENTRY = 150;

    private final ObjectStore store;
    private final Cache<Place, byte[]> segments;
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
                .weigher((Place _, byte[] bytes) -> ENTRY + bytes.length)
                .build();
    }

    /** Creates segment {@code n}, or finds it there with just these bytes; false if there is another. */
    public boolean append(String tenant, CallsetId id, int n, byte[] segment) {
        Place at = new Place(tenant, id, n);
        boolean ours = store.putOrFind(at.key(), segment);
        if (ours) {
            segments.put(at, segment);
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
        Extent extent = extent(tenant, id, true);
        if (extent.index != null) {
            String index = extent.index;
            try {
                return Optional.of(LogIndex.head(index,
                        store.read(index, 0, LogIndex.START).orElseThrow(() -> missing(index))));
            } catch (DamagedObjectException e) {
                extent = withoutIndex(tenant, id, e);
            }
        }
        if (extent.segments == 0) {
            return Optional.empty();
        }
        Place last = new Place(tenant, id, extent.segments - 1);
        String key = last.key();
        byte[] cached = segments.getIfPresent(last);
        byte[] head = cached != null ? cached : store.read(key, 0, Segment.HEAD).orElseThrow(() -> missing(key));
        return Optional.of(Segment.head(key, head));
    }

    /** What the index says is in the segments too. */
    private Extent withoutIndex(String tenant, CallsetId id, DamagedObjectException e) {
        log.error("callset {}: the segments are read instead of the index of its log: {}", id, e.getMessage());
        return extent(tenant, id, false);
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
        Extent extent = extent(tenant, id, true);
        if (extent.index != null) {
            String key = extent.index;
            try {
                LogIndex index = LogIndex.decode(key, store.get(key).orElseThrow(() -> missing(key)).bytes(), size);
                return new Replayed(index.table(), index.segments(), Optional.of(index.head()), true);
            } catch (DamagedObjectException e) {
                extent = withoutIndex(tenant, id, e);
            }
        }
        int count = extent.segments;
        CallTable table = new CallTable(size);
        Optional<Segment.Head> head = Optional.empty();
        for (int from = 0; from < count; from += AT_ONCE) {
            List<Place> some = IntStream.range(from, Math.min(count, from + AT_ONCE))
                    .mapToObj(n -> new Place(tenant, id, n)).toList();
            List<byte[]> read = AtOnce.map(some, this::read);
            for (int i = 0; i < some.size(); i++) {
                head = Optional.of(replay(some.get(i), read.get(i), table));
            }
        }
        return new Replayed(table, count, head, false);
    }

    private static Segment.Head replay(Place at, byte[] bytes, CallTable table) {
        return Segment.replay(at.key(), bytes, new Segment.Visitor() {
            @Override
            public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                if (last) {
                    table.end(call, attempt, outcome, at.number, offset);
                } else {
                    table.keep(call, attempt, at.number, offset);
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
        Place at = new Place(tenant, id, n);
        IntStream.Builder calls = IntStream.builder();
        Segment.replay(at.key(), read(at), new Segment.Visitor() {
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
        Place segment = new Place(tenant, id, at.segment());
        return Segment.attempt(segment::key, read(segment), at.offset());
    }

    /** Where a segment is. To look for it in the cache by its key would mean to write the key for every call. */
    private record Place(String tenant, CallsetId id, int number) {

        String key() {
            return ObjectKeys.segment(tenant, id, number);
        }
    }

    private byte[] read(Place at) {
        byte[] cached = segments.getIfPresent(at);
        if (cached != null) {
            return cached;
        }
        String key = at.key();
        byte[] bytes = store.get(key).orElseThrow(() -> missing(key)).bytes();
        Segment.check(key, bytes);
        segments.put(at, bytes);
        return bytes;
    }

    /**
     * How far a log goes.
     *
     * @param index key of its index; null where there is none, or it is not asked for
     * @param segments how many there are; 0 where there is an index
     */
    private record Extent(@Nullable String index, int segments) {
    }

    private Extent extent(String tenant, CallsetId id, boolean preferIndex) {
        String index = ObjectKeys.logIndex(tenant, id);
        int segments = 0;
        List<ObjectStore.Entry> page;
        String after = null;
        do {
            page = store.list(ObjectKeys.log(tenant, id), after, PAGE);
            for (ObjectStore.Entry entry : page) {
                after = entry.key();
                if (after.equals(index)) {
                    if (preferIndex) {
                        return new Extent(index, 0);
                    }
                    continue;
                }
                String expected = ObjectKeys.segment(tenant, id, segments);
                if (!after.equals(expected)) {
                    throw missing(expected);
                }
                segments++;
            }
        } while (page.size() == PAGE);
        return new Extent(null, segments);
    }

    private static DamagedObjectException missing(String key) {
        return new DamagedObjectException(key, "the segment is not there", null);
    }
}
