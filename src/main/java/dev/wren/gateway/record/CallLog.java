package dev.wren.gateway.record;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.springframework.stereotype.Component;

/** The logs of outcomes, read and written segment by segment. Safe for use by several threads. */
@Component
public final class CallLog {

    private static final int PAGE = 1000;

    /** Bytes of a cache's entry besides what is in it, measured. */
    private static final int ENTRY = 250;

    private final ObjectStore store;
    private final Cache<String, byte[]> segments;

    public CallLog(ObjectStore store, RecordSettings settings) {
        this.store = store;
        this.segments = Caffeine.newBuilder()
                .maximumWeight(settings.segmentCache().toBytes())
                .weigher((String key, byte[] bytes) -> ENTRY + key.length() + bytes.length)
                .build();
    }

    /** Creates segment {@code n}, or finds it there with just these bytes; false if there is another. */
    public boolean append(String tenant, CallsetId id, int n, byte[] segment) {
        String key = ObjectKeys.segment(tenant, id, n);
        boolean ours = store.putOrFind(key, segment);
        if (ours) {
            segments.put(key, segment);
        }
        return ours;
    }

    /** Removes segment {@code n} of a callset that was deleted. */
    public void remove(String tenant, CallsetId id, int n) {
        String key = ObjectKeys.segment(tenant, id, n);
        segments.invalidate(key);
        store.delete(List.of(key));
    }

    /** The totals of the last segment; nothing if there is no segment. */
    public Optional<Segment.Head> last(String tenant, CallsetId id) {
        List<String> keys = keys(tenant, id);
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        String key = keys.getLast();
        byte[] cached = segments.getIfPresent(key);
        byte[] head = cached != null ? cached : store.read(key, 0, Segment.HEAD).orElseThrow(() -> missing(key));
        return Optional.of(Segment.head(key, head));
    }

    /** Reads the whole log into {@code table}; returns the heads of its segments, in order. */
    public List<Segment.Head> replay(String tenant, CallsetId id, CallTable table) {
        List<Segment.Head> heads = new ArrayList<>();
        for (String key : keys(tenant, id)) {
            int number = heads.size();
            byte[] bytes = read(key);
            heads.add(Segment.replay(key, bytes, new Segment.Visitor() {
                @Override
                public void ended(int call, int attempt, CallState outcome, boolean last,
                        int offset) {
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
            }));
        }
        return heads;
    }

    /** Calls that ended with segment {@code n}, in its order. */
    public int[] ended(String tenant, CallsetId id, int n) {
        String key = ObjectKeys.segment(tenant, id, n);
        IntStream.Builder calls = IntStream.builder();
        Segment.replay(key, read(key), new Segment.Visitor() {
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
        String key = ObjectKeys.segment(tenant, id, at.segment());
        return Segment.attempt(key, read(key), at.offset());
    }

    private byte[] read(String key) {
        byte[] cached = segments.getIfPresent(key);
        if (cached != null) {
            return cached;
        }
        byte[] bytes = store.get(key).orElseThrow(() -> missing(key)).bytes();
        Segment.check(key, bytes);
        segments.put(key, bytes);
        return bytes;
    }

    private List<String> keys(String tenant, CallsetId id) {
        List<String> keys = new ArrayList<>();
        List<ObjectStore.Entry> page;
        do {
            page = store.list(ObjectKeys.log(tenant, id), keys.isEmpty() ? null : keys.getLast(), PAGE);
            page.forEach(entry -> keys.add(entry.key()));
        } while (page.size() == PAGE);
        for (int n = 0; n < keys.size(); n++) {
            String expected = ObjectKeys.segment(tenant, id, n);
            if (!keys.get(n).equals(expected)) {
                throw missing(expected);
            }
        }
        return keys;
    }

    private static DamagedObjectException missing(String key) {
        return new DamagedObjectException(key, "the segment is not there", null);
    }
}
