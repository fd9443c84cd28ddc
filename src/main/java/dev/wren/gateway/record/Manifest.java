package dev.wren.gateway.record;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What was accepted. Written once, last of all a submission's objects: where it is, there is the callset.
 *
 * @param id the callset
 * @param tenant the tenant that it belongs to
 * @param settings as the caller gave them
 * @param executor the executor that it was placed on
 * @param jars contents of the class path, in order
 * @param size number of calls
 * @param layout where the data are
 * @param createdAt when it was accepted
 * @param redriveOf the callset whose failed calls these are, or null
 * @param reduceOf the callset whose values this one reduces, or null
 * @param idempotencyKey SHA-256 of the key that it was submitted with, in hex, or null
 */
public record Manifest(CallsetId id, String tenant, MapSettings settings, String executor, List<JarContent> jars,
        int size, Layout layout, Instant createdAt, @Nullable CallsetId redriveOf, @Nullable CallsetId reduceOf,
        @Nullable String idempotencyKey) {

    private static final int MAGIC = 0x57524333;
    private static final int CHECKSUM = 4;

    public Manifest {
        jars = List.copyOf(jars);
    }

    /**
     * The content of a jar.
     *
     * @param sha256 lower-case hex
     * @param size bytes
     */
    public record JarContent(String sha256, long size) {
    }

    /** Where the data of a callset are. */
    public enum Layout {
        /** In the manifest's own object. */
        INLINE,
        /** In one object, with an index of where each datum ends. */
        ONE,
        /** Each in an object of its own. */
        EACH
    }

    /** The object's bytes: this manifest, the data when they are {@link Layout#INLINE}, and the origins of a redrive. */
    public byte[] encode(JsonMapper json, InlineData data, Origins origins) {
        byte[] text = json.writeValueAsBytes(this);
        WireWriter out = new WireWriter(text.length + data.bytes().length + 4 * data.ends().length + 64);
        out.putInt(MAGIC);
        out.putBytes(text);
        out.putInt(data.ends().length);
        for (int end : data.ends()) {
            out.putInt(end);
        }
        out.putBytes(data.bytes());
        int[] runs = origins.runs();
        out.putInt(origins.sizeOfOrigin());
        out.putInt(runs.length);
        for (int bound : runs) {
            out.putInt(bound);
        }
        byte[] body = out.toByteArray();
        out.putInt(checksum(body, body.length));
        return out.toByteArray();
    }

    /**
     * Reads what {@link #encode} has written.
     *
     * @throws DamagedObjectException when these bytes are something else
     */
    public static Stored decode(JsonMapper json, String key, byte[] bytes) {
        try {
            if (bytes.length < CHECKSUM) {
                throw new WireException("too short for a manifest");
            }
            WireReader in = new WireReader(bytes);
            if (in.getInt() != MAGIC) {
                throw new WireException("not a manifest");
            }
            if (new WireReader(bytes, bytes.length - CHECKSUM, CHECKSUM).getInt() != checksum(bytes,
                    bytes.length - CHECKSUM)) {
                throw new WireException("the checksum is wrong");
            }
            Manifest manifest = json.readValue(new String(in.getBytes(), StandardCharsets.UTF_8), Manifest.class);
            int[] ends = ints(in);
            byte[] data = in.getBytes();
            return new Stored(manifest, new InlineData(ends, data), Origins.of(in.getInt(), ints(in)));
        } catch (WireException | JacksonException e) {
            throw new DamagedObjectException(key, "the manifest cannot be read: " + e.getMessage(), e);
        }
    }

    private static int[] ints(WireReader in) {
        int[] numbers = new int[in.getInt()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.getInt();
        }
        return numbers;
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /**
     * Data that travel with the manifest.
     *
     * @param ends where each datum ends in {@code bytes}; empty when the data are elsewhere
     * @param bytes the data, one after another
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record InlineData(int[] ends, byte[] bytes) {

        public static final InlineData NONE = new InlineData(new int[0], new byte[0]);
    }

    /**
     * A manifest and what came with it.
     *
     * @param origins which calls of {@link #redriveOf} these are
     */
    public record Stored(Manifest manifest, InlineData data, Origins origins) {
    }
}
