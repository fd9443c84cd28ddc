package dev.wren.gateway.callset;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A callset that is being received. The data go to the store as they come; few of them stay in memory and travel with
 * the manifest. Closed without a {@link #submit} it leaves nothing behind. Used by one thread.
 */
public final class Draft implements DataSink, AutoCloseable {

    private static final int BUFFER = 1 << 18;

    private final Callsets callsets;
    private final ObjectStore store;
    private final CallsetSettings limits;
    private final String tenant;
    private final CallsetId id;
    private final ByteArrayOutputStream inline = new ByteArrayOutputStream();
    private final byte[] end = new byte[Long.BYTES];
    private int[] inlineEnds = new int[16];
    private int size;
    private long bytes;
    private @Nullable Spill spill;
    private boolean submitted;

    Draft(Callsets callsets, ObjectStore store, CallsetSettings limits, String tenant, CallsetId id) {
        this.callsets = callsets;
        this.store = store;
        this.limits = limits;
        this.tenant = tenant;
        this.id = id;
    }

    String tenant() {
        return tenant;
    }

    CallsetId id() {
        return id;
    }

    /** Data so far. */
    public int size() {
        return size;
    }

    /**
     * One more datum.
     *
     * @param buffer holds its JSON text, UTF-8, at {@code offset}; it is copied
     * @throws ProblemException {@code map-item-limit}
     */
    @Override
    public void add(byte[] buffer, int offset, int length) throws IOException {
        if (size == limits.mapItemLimit()) {
            throw new ProblemException(ProblemType.MAP_ITEM_LIMIT,
                    "A map has at most " + limits.mapItemLimit() + " data.").with("limit", limits.mapItemLimit());
        }
        bytes += length;
        if (spill == null && bytes > limits.inlineData().toBytes()) {
            spill = spill();
        }
        Spill current = spill;
        if (current == null) {
            inline.write(buffer, offset, length);
            if (size == inlineEnds.length) {
                inlineEnds = Arrays.copyOf(inlineEnds, size * 2);
            }
            inlineEnds[size] = (int) bytes;
        } else {
            current.data.write(buffer, offset, length);
            writeEnd(current.index, bytes);
        }
        size++;
    }

    /**
     * Checks the settings against jars and executors, and makes the callset durable.
     *
     * @throws ProblemException when it is refused; nothing is stored then
     */
    public Callset submit(MapSettings settings) throws IOException {
        Callset callset = callsets.submit(this, settings);
        submitted = true;
        return callset;
    }

    /** Makes the data durable where the settings say, and tells where they are; called before the manifest is put. */
    Manifest.Layout commitData(boolean dataAllAsOne) throws IOException {
        Spill current = spill;
        if (current == null) {
            if (dataAllAsOne || size == 0) {
                return Manifest.Layout.INLINE;
            }
            int from = 0;
            for (int i = 0; i < size; i++) {
                putDatum(i, Arrays.copyOfRange(inline.toByteArray(), from, inlineEnds[i]));
                from = inlineEnds[i];
            }
            return Manifest.Layout.EACH;
        }
        current.data.flush();
        current.index.flush();
        require(current.dataUpload.commit());
        require(current.indexUpload.commit());
        if (dataAllAsOne) {
            return Manifest.Layout.ONE;
        }
        split();
        return Manifest.Layout.EACH;
    }

    /** What travels with the manifest. */
    Manifest.InlineData inlineData(Manifest.Layout layout) {
        return layout == Manifest.Layout.INLINE
                ? new Manifest.InlineData(Arrays.copyOf(inlineEnds, size), inline.toByteArray())
                : Manifest.InlineData.NONE;
    }

    @Override
    public void close() {
        Spill current = spill;
        if (current != null) {
            current.dataUpload.close();
            current.indexUpload.close();
        }
        callsets.closed(this, submitted);
    }

    /** The data came before it was known that they shall lie each in an object of its own. */
    private void split() throws IOException {
        String data = ObjectKeys.data(tenant, id);
        String index = ObjectKeys.dataIndex(tenant, id);
        try (ObjectStore.StoredObject values = store.get(data).orElseThrow();
                ObjectStore.StoredObject ends = store.get(index).orElseThrow()) {
            long from = 0;
            for (int i = 0; i < size; i++) {
                long to = ByteBuffer.wrap(ends.body().readNBytes(Long.BYTES)).getLong();
                putDatum(i, values.body().readNBytes(Math.toIntExact(to - from)));
                from = to;
            }
        }
        store.delete(List.of(data, index));
    }

    private void putDatum(int call, byte[] datum) {
        require(store.putIfAbsent(ObjectKeys.datum(tenant, id, CallIds.format(call, size)), datum));
    }

    private Spill spill() throws IOException {
        ObjectStore.Upload data = store.upload(ObjectKeys.data(tenant, id));
        ObjectStore.Upload index = store.upload(ObjectKeys.dataIndex(tenant, id));
        Spill made = new Spill(data, index, new BufferedOutputStream(data.stream(), BUFFER),
                new BufferedOutputStream(index.stream(), BUFFER));
        made.data.write(inline.toByteArray());
        for (int i = 0; i < size; i++) {
            writeEnd(made.index, inlineEnds[i]);
        }
        inline.reset();
        return made;
    }

    private void writeEnd(OutputStream index, long value) throws IOException {
        ByteBuffer.wrap(end).putLong(value);
        index.write(end);
    }

    private static void require(boolean created) {
        if (!created) {
            throw new IllegalStateException("an object of a callset that is being received is there already");
        }
    }

    private record Spill(ObjectStore.Upload dataUpload, ObjectStore.Upload indexUpload, OutputStream data,
            OutputStream index) {
    }
}
