package dev.wren.gateway.record;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.CallState;
import dev.wren.protocol.Report;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * One group commit of outcomes: a head with the totals up to and with it, then records. The totals make the last
 * segment enough to tell the state of a callset.
 */
public final class Segment {

    /** Bytes of the head. */
    static final int HEAD = 28;

    private static final int MAGIC = 0x57525332;
    private static final int CHECKSUM = 4;
    private static final int FINAL = 1;
    private static final int ATTEMPT = 2;
    private static final int CANCEL = 3;
    private static final int INVOKED = 4;

    private Segment() {
    }

    /** What is recorded. */
    public sealed interface Entry {

        /**
         * An attempt has ended.
         *
         * @param last whether the call has ended with it
         */
        record Ended(Report report, long invokedMillis, boolean last) implements Entry {
        }

        /** Calls {@code from} to {@code to}, exclusive, pairs of them one after another, are cancelled. */
        record Cancelled(List<Integer> runs) implements Entry {

            public Cancelled {
                runs = List.copyOf(runs);
            }
        }

        /**
         * Calls were sent to workers that outlive the gateway: their reports are awaited after a restart.
         *
         * @param send the number of the sending
         * @param attempt the number of the attempt that all of them are in
         * @param runs as in {@link Cancelled}
         */
        record Invoked(long send, int attempt, List<Integer> runs) implements Entry {

            public Invoked {
                runs = List.copyOf(runs);
            }
        }
    }

    /** The totals after a segment. */
    public record Head(Instant time, int success, int error, int cancelled) {

        public int ended() {
            return success + error + cancelled;
        }
    }

    /** Writes a segment piece by piece. Used by one thread. */
    public static final class Writer {

        private final WireWriter out = new WireWriter(1024);

        public Writer() {
            out.putInt(MAGIC);
            out.putLong(0);
            out.putInt(0);
            out.putInt(0);
            out.putInt(0);
            out.putInt(0);
        }

        /** Appends a record; returns where it begins. */
        public int add(Entry entry) {
            int start = out.size();
            out.putInt(0);
            switch (entry) {
                case Entry.Ended(Report report, long invokedMillis, boolean last) -> {
                    out.putByte(last ? FINAL : ATTEMPT);
                    out.putLong(invokedMillis);
                    report.write(out);
                }
                case Entry.Cancelled(List<Integer> runs) -> {
                    out.putByte(CANCEL);
                    out.putInt(runs.size());
                    runs.forEach(out::putInt);
                }
                case Entry.Invoked(long send, int attempt, List<Integer> runs) -> {
                    out.putByte(INVOKED);
                    out.putLong(send);
                    out.putInt(attempt);
                    out.putInt(runs.size());
                    runs.forEach(out::putInt);
                }
            }
            out.setInt(start, out.size() - start - 4);
            return start;
        }

        /** Bytes so far. */
        public int size() {
            return out.size();
        }

        /** The segment's bytes. */
        public byte[] finish(Head head) {
            WireWriter top = new WireWriter(HEAD);
            top.putInt(MAGIC);
            top.putLong(head.time.toEpochMilli());
            top.putInt(head.success);
            top.putInt(head.error);
            top.putInt(head.cancelled);
            top.putInt(out.size() + CHECKSUM);
            byte[] bytes = new byte[out.size() + CHECKSUM];
            System.arraycopy(out.toByteArray(), 0, bytes, 0, out.size());
            System.arraycopy(top.toByteArray(), 0, bytes, 0, HEAD);
            CRC32C crc = new CRC32C();
            crc.update(bytes, 0, bytes.length - CHECKSUM);
            WireWriter sum = new WireWriter(CHECKSUM);
            sum.putInt((int) crc.getValue());
            System.arraycopy(sum.toByteArray(), 0, bytes, bytes.length - CHECKSUM, CHECKSUM);
            return bytes;
        }
    }

    /** What {@link #replay} finds. */
    public interface Visitor {

        /** The call {@code call} ended an attempt; its record is at {@code offset}. */
        void ended(int call, int attempt, CallState outcome, boolean last, int offset);

        /** Calls {@code from} to {@code to}, exclusive, are cancelled. */
        void cancelled(int from, int to);

        /** Calls {@code from} to {@code to}, exclusive, were sent, and their workers outlive the gateway. */
        default void invoked(int from, int to, int attempt, long send) {
            // Not everybody wants to know.
        }
    }

    /** Reads the head alone. */
    static Head head(String key, byte[] bytes) {
        try {
            WireReader in = new WireReader(bytes);
            if (in.getInt() != MAGIC) {
                throw new WireException("not a segment");
            }
            return new Head(Instant.ofEpochMilli(in.getLong()), in.getInt(), in.getInt(), in.getInt());
        } catch (WireException e) {
            throw new DamagedObjectException(key, "the segment cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads all records in order, without decoding what they hold. */
    public static Head replay(String key, byte[] bytes, Visitor visitor) {
        check(key, bytes);
        Head head = head(key, bytes);
        try {
            WireReader in = new WireReader(bytes, HEAD, bytes.length - HEAD - CHECKSUM);
            while (in.remaining() > 0) {
                int offset = in.position();
                int length = in.getInt();
                WireReader record = new WireReader(bytes, in.position(), length);
                in.skip(length);
                int type = record.getByte();
                switch (type) {
                    case FINAL, ATTEMPT -> {
                        record.getLong();
                        CallState outcome = CallState.of(record.getByte());
                        visitor.ended(record.getInt(), record.getInt(), outcome, type == FINAL, offset);
                    }
                    case CANCEL -> {
                        for (int n = record.getInt(); n > 0; n -= 2) {
                            visitor.cancelled(record.getInt(), record.getInt());
                        }
                    }
                    case INVOKED -> {
                        long send = record.getLong();
                        int attempt = record.getInt();
                        for (int n = record.getInt(); n > 0; n -= 2) {
                            visitor.invoked(record.getInt(), record.getInt(), attempt, send);
                        }
                    }
                    default -> throw new WireException("a record of the type " + type);
                }
            }
        } catch (WireException | IndexOutOfBoundsException e) {
            throw new DamagedObjectException(key, "the segment cannot be read: " + e.getMessage(), e);
        }
        return head;
    }

    /** Checks a segment as a whole. */
    static void check(String key, byte[] bytes) {
        if (bytes.length < HEAD + CHECKSUM) {
            throw new DamagedObjectException(key, "the segment is too short", null);
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CHECKSUM);
        if (new WireReader(bytes, bytes.length - CHECKSUM, CHECKSUM).getInt() != (int) crc.getValue()) {
            throw new DamagedObjectException(key, "the segment's checksum is wrong", null);
        }
    }

    /** The record of an ended attempt at {@code offset}. */
    static Call.Attempt attempt(Supplier<String> key, byte[] bytes, int offset) {
        try {
            WireReader in = new WireReader(bytes, offset, bytes.length - offset);
            in.getInt();
            int type = in.getByte();
            if (type != FINAL && type != ATTEMPT) {
                throw new WireException("a record of the type " + type);
            }
            Instant invokedAt = Instant.ofEpochMilli(in.getLong());
            return new Call.Attempt(Report.read(in), invokedAt);
        } catch (WireException e) {
            throw new DamagedObjectException(key.get(),
                    "the record at " + offset + " cannot be read: " + e.getMessage(), e);
        }
    }
}
