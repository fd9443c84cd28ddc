package dev.wren.gateway.submission;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.callset.RunningCallsets;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
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
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A callset that is being received: prepared, given its data, submitted; preparation and data may come in either order.
 * The data go to the store as they come; few of them stay in memory and travel with the manifest. Closed without a
 * {@link #submit} it leaves nothing behind. Used by one thread.
 */
final class Draft implements DataSink, AutoCloseable {

    private static final int BUFFER = 1 << 16;

    private final Intake intake;
    private final ObjectStore store;
    private final CallsetSettings limits;
    private final String tenant;
    private final CallsetId id;
    private final ByteArrayOutputStream inline = new ByteArrayOutputStream();
    private final byte[] end = new byte[Long.BYTES];
    private int[] inlineEnds = new int[16];
    private int size;
    private long bytes;
    private long held;
    private @Nullable Spill spill;
    private boolean later;
    private boolean submitted;
    private @Nullable Prepared prepared;
    private Origins origins = Origins.NONE;
    private final Room room;
    private final Quota.Grant memory;

    Draft(Intake intake, ObjectStore store, CallsetSettings limits, String tenant, CallsetId id, Room room) {
        this.room = room;
        this.memory = room.memory;
        this.intake = intake;
        this.store = store;
        this.limits = limits;
        this.tenant = tenant;
        this.id = id;
    }

    /**
     * What it takes of the bounds.
     *
     * @param receipt one of the submissions at once
     * @param memory bytes that are held while it is received
     * @param run its place among the callsets that run, which it keeps once it is accepted
     */
    record Room(Quota.Grant receipt, Quota.Grant memory, RunningCallsets.Place run) {
    }

    /**
     * What is known to be right, with the jars pinned.
     *
     * @param executor where the calls are to run
     * @param redriveOf the callset whose calls these are, or null
     * @param reduceOf the callset whose values are reduced, or null
     */
    record Prepared(MapSettings settings, String executor, List<PinnedJar> jars, @Nullable CallsetId redriveOf,
            @Nullable CallsetId reduceOf) {
    }

    String tenant() {
        return tenant;
    }

    CallsetId id() {
        return id;
    }

    /** Bytes of memory that are held while it is received. */
    Quota.Grant memory() {
        return memory;
    }

    /** What it takes of the bounds. */
    Room room() {
        return room;
    }

    /** Data so far. */
    int size() {
        return size;
    }

    /**
     * A part of the next datum; it is copied.
     *
     * @throws ProblemException {@code map-item-limit}
     */
    @Override
    public void part(byte[] buffer, int offset, int length) throws IOException {
        checkRoom();
        if (spill == null) {
            spill = spill();
        }
        bytes += length;
        spill.data.write(buffer, offset, length);
    }

    private void checkRoom() {
        if (size == limits.mapItemLimit()) {
            throw new ProblemException(ProblemType.MAP_ITEM_LIMIT,
                    "A map has at most " + limits.mapItemLimit() + " data.").with("limit", limits.mapItemLimit());
        }
    }

    /**
     * One more datum, or its last part.
     *
     * @param buffer holds its JSON text, UTF-8, at {@code offset}; it is copied
     * @throws ProblemException {@code map-item-limit}
     */
    @Override
    public void add(byte[] buffer, int offset, int length) throws IOException {
        checkRoom();
        bytes += length;
        if (spill == null && bytes > limits.inlineData().toBytes()) {
            spill = spill();
        }
        Spill current = spill;
        if (current == null) {
            inline.write(buffer, offset, length);
            if (size == inlineEnds.length) {
                memory.grow((long) size * Integer.BYTES);
                inlineEnds = Arrays.copyOf(inlineEnds, size * 2);
            }
            inlineEnds[size] = (int) bytes;
        } else {
            current.data.write(buffer, offset, length);
            writeEnd(current.index, bytes);
        }
        size++;
    }

    /** Which calls of another callset these are. */
    void origins(Origins of) {
        origins = of;
    }

    Origins origins() {
        return origins;
    }

    /** There is one datum, and it is stored when it is known, before the callset is driven. */
    void addLater() {
        later = true;
        size = 1;
    }

    /**
     * Checks what a map says against jars and executors.
     *
     * @throws ProblemException when it is refused
     */
    void prepare(MapSettings settings) {
        prepared(intake.prepare(tenant, settings, null, null, null));
    }

    /** The same for calls of {@code of}, which are run again with the jar's content that they had. */
    void prepareRedrive(Callset of) {
        prepared(intake.prepare(tenant, of.settings(), of.jars(), of.id(), of.reduceOf()));
    }

    /** The same for a reduce of the values of {@code of}. */
    void prepareReduce(Callset of, MapSettings settings) {
        prepared(intake.prepare(tenant, settings, null, null, of.id()));
    }

    private void prepared(Prepared now) {
        if (prepared != null) {
            throw new IllegalStateException("prepared already");
        }
        prepared = now;
    }

    Optional<Prepared> prepared() {
        return Optional.ofNullable(prepared);
    }

    /**
     * Makes the callset durable.
     *
     * @param use told before the callset is accepted what its id is; may refuse it
     * @throws ProblemException when it is refused; nothing is stored then
     */
    Callset submit(@Nullable KeyUse use) throws IOException {
        return intake.submit(this, use);
    }

    /** The manifest is durable: nothing of it may be deleted any more. */
    void accepted() {
        submitted = true;
    }

    /** The idempotency key of a submission. */
    interface KeyUse {

        /** SHA-256 of the key, in hex. */
        String hash();

        /** Makes durable that the key refers to a callset that is about to be accepted. */
        void use(CallsetId callset);

        /** Says that it is there; false if the key is another's by now. */
        boolean isHere();
    }

    /** Makes the data durable where the settings say, and tells where they are; called before the manifest is put. */
    Manifest.Layout commitData(boolean dataAllAsOne) throws IOException {
        Spill current = spill;
        if (later) {
            return Manifest.Layout.EACH;
        }
        if (current == null) {
            if (dataAllAsOne || size == 0) {
                return Manifest.Layout.INLINE;
            }
            byte[] all = inline.toByteArray();
            int from = 0;
            for (int i = 0; i < size; i++) {
                putDatum(i, Arrays.copyOfRange(all, from, inlineEnds[i]));
                from = inlineEnds[i];
            }
            return Manifest.Layout.EACH;
        }
        current.data.flush();
        current.index.flush();
        // Nobody else knows the callset's id: what is there already is what a lost answer was about.
        boolean _ = current.dataUpload.commit();
        boolean _ = current.indexUpload.commit();
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
        try {
            if (current != null) {
                try (ObjectStore.Upload _ = current.dataUpload; ObjectStore.Upload _ = current.indexUpload) {
                    spill = null;
                }
            }
        } finally {
            intake.closed(this, submitted);
        }
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
                held(to - from);
                putDatum(i, values.body().readNBytes(Math.toIntExact(to - from)));
                from = to;
            }
        }
        store.delete(List.of(data, index));
    }

    /** The largest datum so far that has been in memory whole. */
    private void held(long length) {
        if (length > held) {
            memory.grow(length - held);
            held = length;
        }
    }

    private void putDatum(int call, byte[] datum) {
        String key = ObjectKeys.datum(tenant, id, CallIds.format(call, size));
        if (!store.putOrFind(key, datum)) {
            throw new IllegalStateException(key + " is there already");
        }
    }

    private Spill spill() throws IOException {
        memory.grow(2 * BUFFER);
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

    private record Spill(ObjectStore.Upload dataUpload, ObjectStore.Upload indexUpload, OutputStream data,
            OutputStream index) {
    }
}
