package dev.wren.gateway.record;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.time.Instant;
import java.util.zip.CRC32C;

/**
 * What the log of a callset that is done comes to: where each call's records are, so that nobody has to read all segments
 * for it. It says nothing that the segments do not.
 *
 * @param table the calls
 * @param segments how many segments there are
 * @param head the last one's
 */
record LogIndex(CallTable table, int segments, Segment.Head head) {

    /** Bytes that have the totals. */
    static final int START = 32;

    private static final int MAGIC = 0x57524931;
    private static final int CHECKSUM = 4;

    byte[] encode() {
        WireWriter out = new WireWriter(START + CHECKSUM + (int) Math.min(Integer.MAX_VALUE / 2, table.weight()));
        out.putInt(MAGIC);
        out.putLong(head.time().toEpochMilli());
        out.putInt(head.success());
        out.putInt(head.error());
        out.putInt(head.cancelled());
        out.putInt(segments);
        out.putInt(table.size());
        table.write(out);
        byte[] body = out.toByteArray();
        out.putInt(checksum(body, body.length));
        return out.toByteArray();
    }

    /** The totals alone. */
    static Segment.Head head(String key, byte[] start) {
        try {
            return head(new WireReader(start));
        } catch (WireException e) {
            throw damaged(key, e);
        }
    }

    private static Segment.Head head(WireReader in) throws WireException {
        if (in.getInt() != MAGIC) {
            throw new WireException("not an index of a log");
        }
        return new Segment.Head(Instant.ofEpochMilli(in.getLong()), in.getInt(), in.getInt(), in.getInt());
    }

    /**
     * Reads all of it.
     *
     * @param size calls that there must be
     */
    static LogIndex decode(String key, byte[] bytes, int size) {
        try {
            if (bytes.length < START + CHECKSUM || new WireReader(bytes, bytes.length - CHECKSUM, CHECKSUM)
                    .getInt() != checksum(bytes, bytes.length - CHECKSUM)) {
                throw new WireException("the checksum is wrong");
            }
            WireReader in = new WireReader(bytes, 0, bytes.length - CHECKSUM);
            Segment.Head head = head(in);
            int segments = in.getInt();
            if (in.getInt() != size) {
                throw new WireException("another number of calls");
            }
            return new LogIndex(CallTable.read(in, size), segments, head);
        } catch (WireException | IndexOutOfBoundsException e) {
            throw damaged(key, e);
        }
    }

    private static DamagedObjectException damaged(String key, Exception e) {
        return new DamagedObjectException(key, "the index cannot be read: " + e.getMessage(), e);
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
