package dev.wren.gateway.record;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.WireReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The data of one callset, read by ranges. Safe for use by several threads. */
public final class Data {

    /** Entries of the index read at once. */
    private static final int BLOCK = 4096;

    private final ObjectStore store;
    private final Manifest manifest;
    private final Manifest.InlineData inline;
    private final DataBlocks blocks;
    /** The block of the index read last: data are mostly read in order. */
    private volatile IndexBlock block = new IndexBlock(-1, new long[0]);

    /**
     * The data of a callset.
     *
     * @param blocks keeps what was read last
     */
    public Data(ObjectStore store, Manifest manifest, Manifest.InlineData inline, DataBlocks blocks) {
        this.blocks = blocks;
        this.store = store;
        this.manifest = manifest;
        this.inline = inline;
    }

    /**
     * The data of {@code count} calls from {@code first}, but no more than {@code maxBytes} of them; at least one.
     *
     * @throws DamagedObjectException when the stored data are not what was accepted
     */
    public List<byte[]> read(int first, int count, int maxBytes) {
        return switch (manifest.layout()) {
            case INLINE -> slices(first, count, maxBytes, inline.bytes());
            case ONE -> readOne(first, count, maxBytes);
            case EACH -> readEach(first, count, maxBytes);
        };
    }

    private List<byte[]> slices(int first, int count, int maxBytes, byte[] bytes) {
        List<byte[]> data = new ArrayList<>(count);
        int from = first == 0 ? 0 : inline.ends()[first - 1];
        int start = from;
        for (int i = first; i < first + count && (data.isEmpty() || inline.ends()[i] - start <= maxBytes); i++) {
            data.add(Arrays.copyOfRange(bytes, from, inline.ends()[i]));
            from = inline.ends()[i];
        }
        return data;
    }

    private List<byte[]> readOne(int first, int count, int maxBytes) {
        long start = first == 0 ? 0 : end(first - 1);
        int taken = 1;
        long end = end(first);
        while (taken < count) {
            long next = end(first + taken);
            if (next - start > maxBytes) {
                break;
            }
            end = next;
            taken++;
        }
        String key = ObjectKeys.data(manifest.tenant(), manifest.id());
        byte[] bytes = blocks.read(store, key, start, length(key, start, end))
                .orElseThrow(() -> new DamagedObjectException(key, "the data are not there", null));
        if (bytes.length != end - start) {
            throw new DamagedObjectException(key, "the data end too soon", null);
        }
        List<byte[]> data = new ArrayList<>(taken);
        int from = 0;
        for (int i = 0; i < taken; i++) {
            int to = Math.toIntExact(end(first + i) - start);
            data.add(Arrays.copyOfRange(bytes, from, to));
            from = to;
        }
        return data;
    }

    private static int length(String key, long start, long end) {
        if (end < start || end - start > Integer.MAX_VALUE) {
            throw new DamagedObjectException(key, "the index does not say where the data end", null);
        }
        return (int) (end - start);
    }

    private List<byte[]> readEach(int first, int count, int maxBytes) {
        List<byte[]> data = new ArrayList<>(count);
        long size = 0;
        for (int i = first; i < first + count && (i == first || size < maxBytes); i++) {
            String key = ObjectKeys.datum(manifest.tenant(), manifest.id(), CallIds.format(i, manifest.size()));
            byte[] datum = store.get(key)
                    .orElseThrow(() -> new DamagedObjectException(key, "the datum is not there", null))
                    .bytes();
            size += datum.length;
            data.add(datum);
        }
        return data;
    }

    /**
     * Where a datum is in the store.
     *
     * @param key of the object
     * @param offset of its first byte in it
     * @param length its bytes; -1 where it is the whole object
     */
    public record Place(String key, long offset, int length) {
    }

    /** Whether each datum is an object of its own. */
    public boolean isEach() {
        return manifest.layout() == Manifest.Layout.EACH;
    }

    /**
     * Where the data of {@code count} calls from {@code first} are.
     *
     * @return nothing where they are no objects that others could read
     */
    public Optional<List<Place>> places(int first, int count) {
        return switch (manifest.layout()) {
            case INLINE -> Optional.empty();
            case ONE -> {
                String key = ObjectKeys.data(manifest.tenant(), manifest.id());
                List<Place> places = new ArrayList<>(count);
                long start = first == 0 ? 0 : end(first - 1);
                for (int i = first; i < first + count; i++) {
                    long end = end(i);
                    places.add(new Place(key, start, length(key, start, end)));
                    start = end;
                }
                yield Optional.of(places);
            }
            case EACH -> Optional.of(IntStream.range(first, first + count)
                    .mapToObj(i -> new Place(ObjectKeys.datum(manifest.tenant(), manifest.id(),
                            CallIds.format(i, manifest.size())), 0, -1))
                    .toList());
        };
    }

    /**
     * Where the datum of a call is, if it is an object, or part of one, and has more than {@code bytes} bytes.
     *
     * @throws DamagedObjectException when it is not there
     */
    public Optional<Place> large(int call, long bytes) {
        return switch (manifest.layout()) {
            case INLINE -> Optional.empty();
            case ONE -> places(call, 1).map(List::getFirst).filter(place -> place.length > bytes);
            case EACH -> {
                String key = ObjectKeys.datum(manifest.tenant(), manifest.id(), CallIds.format(call, manifest.size()));
                try (ObjectStore.StoredObject object = store.get(key)
                        .orElseThrow(() -> new DamagedObjectException(key, "the datum is not there", null))) {
                    yield object.size() > bytes
                            ? Optional.of(new Place(key, 0, length(key, 0, object.size())))
                            : Optional.empty();
                }
            }
        };
    }

    /**
     * A part of a datum.
     *
     * @param from its first byte, counted from the datum's
     * @throws DamagedObjectException when it is not there
     */
    public byte[] part(Place place, long from, int length) {
        byte[] bytes = store.read(place.key, place.offset + from, length)
                .orElseThrow(() -> new DamagedObjectException(place.key, "the data are not there", null));
        if (bytes.length != length) {
            throw new DamagedObjectException(place.key, "the data end too soon", null);
        }
        return bytes;
    }

    /** Bytes of memory that they take. */
    public long weight() {
        return 128 + inline.bytes().length + 4L * inline.ends().length + 8L * block.ends.length;
    }

    private long end(int index) {
        IndexBlock current = block;
        if (index / BLOCK != current.number) {
            current = readBlock(index / BLOCK);
            block = current;
        }
        return current.ends[index % BLOCK];
    }

    private IndexBlock readBlock(int number) {
        String key = ObjectKeys.dataIndex(manifest.tenant(), manifest.id());
        int entries = Math.min(BLOCK, manifest.size() - number * BLOCK);
        byte[] bytes = store.read(key, (long) number * BLOCK * Long.BYTES, entries * Long.BYTES)
                .orElseThrow(() -> new DamagedObjectException(key, "the index is not there", null));
        if (bytes.length != entries * Long.BYTES) {
            throw new DamagedObjectException(key, "the index ends too soon", null);
        }
        WireReader in = new WireReader(bytes);
        long[] ends = new long[entries];
        for (int i = 0; i < entries; i++) {
            ends[i] = in.getLong();
            long length = i == 0 ? 0 : ends[i] - ends[i - 1];
            if (ends[i] < 0 || length < 0 || length > Integer.MAX_VALUE) {
                throw new DamagedObjectException(key, "the index does not say where the data end", null);
            }
        }
        return new IndexBlock(number, ends);
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record IndexBlock(int number, long[] ends) {
    }
}
