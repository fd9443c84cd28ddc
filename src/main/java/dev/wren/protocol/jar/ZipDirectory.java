package dev.wren.protocol.jar;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The end of a zip file, and the headers of its directory, of which only the names are kept in memory. Java's own
 * reader takes the whole directory into memory before it can be asked how large it is. After PKWARE's APPNOTE 6.3.10,
 * sections 4.3.12 to 4.3.16.
 */
public final class ZipDirectory {

    /** Java's reader holds the directory, and about as much again as tables. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int END = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int MAX_COMMENT = 0xffff;
    private static final int END64 = 0x06064b50;
    private static final int END64_SIZE = 56;
    private static final int MAX_END64 = 1 << 16;
    private static final int LOCATOR = 0x07064b50;
    private static final int LOCATOR_SIZE = 20;
    private static final int HEADER = 0x02014b50;
    private static final int HEADER_SIZE = 46;
    private static final int ENCRYPTED = 1 | 1 << 6 | 1 << 13;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private static final String CLASS = ".class";
    private static final int SHOWN = 80;

    private final FileChannel file;
    private int kept;

    private ZipDirectory(FileChannel file) {
        this.file = file;
    }

    /**
     * Where the parts of the directory are.
     *
     * @param start of the headers
     * @param end of the headers, where the end records begin
     * @param entries headers
     * @param end64 where the end record of zip64 is; -1 if there is none
     * @param last where the end record is
     */
    private record Parts(long start, long end, long entries, long end64, long last) {
    }

    /**
     * Checks the number of entries and their headers.
     *
     * @return whether names are there twice, other than of classes
     * @throws UnusableJarException with the reason
     */
    public static boolean check(Path path, int maxEntries) throws IOException, UnusableJarException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            ZipDirectory directory = new ZipDirectory(file);
            return directory.headers(directory.parts(maxEntries), null);
        } catch (EOFException _) {
            throw new UnusableJarException("its directory is cut off");
        }
    }

    /**
     * Copies a zip file, but for the headers of entries whose names were there before: readers differ in which one they
     * take.
     *
     * @throws UnusableJarException as {@link #check}
     */
    public static void copyFirsts(Path from, Path to) throws IOException, UnusableJarException {
        try (FileChannel file = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel out = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipDirectory directory = new ZipDirectory(file);
            Parts parts = directory.parts(Integer.MAX_VALUE);
            long copied = 0;
            while (copied < parts.start) {
                copied += file.transferTo(copied, parts.start - copied, out);
            }
            boolean _ = directory.headers(parts, out);
            directory.ends(parts, out);
        } catch (EOFException _) {
            throw new UnusableJarException("its directory is cut off");
        }
    }

    private Parts parts(int maxEntries) throws IOException, UnusableJarException {
        long last = end();
        long at = last;
        long end64 = -1;
        ByteBuffer end = read(at, END_SIZE);
        long entries = Short.toUnsignedLong(end.getShort(10));
        long bytes = Integer.toUnsignedLong(end.getInt(12));
        long start = Integer.toUnsignedLong(end.getInt(16));
        boolean large = entries == 0xffff || bytes == 0xffffffffL || start == 0xffffffffL;
        ByteBuffer locator = at >= LOCATOR_SIZE ? read(at - LOCATOR_SIZE, LOCATOR_SIZE) : null;
        if (locator != null && locator.getInt(0) == LOCATOR) {
            // Allowed in a small file too; then both say the same.
            long at64 = locator.getLong(8);
            ByteBuffer record = read(at64, END64_SIZE);
            if (record.getInt(0) == END64) {
                entries = record.getLong(32);
                bytes = record.getLong(40);
                at = at64;
                end64 = at64;
            } else if (large) {
                throw new UnusableJarException("its zip64 directory is not where it says");
            }
        }
        if (entries == 0) {
            throw new UnusableJarException("it has no entries");
        }
        if (entries < 0 || entries > maxEntries) {
            throw new UnusableJarException("it has " + Long.toUnsignedString(entries) + " entries; " + maxEntries
                    + " are allowed");
        }
        if (bytes < 0 || bytes > MAX_BYTES || bytes > at) {
            throw new UnusableJarException("its directory has " + Long.toUnsignedString(bytes) + " bytes; "
                    + Math.min(MAX_BYTES, at) + " are possible or allowed");
        }
        return new Parts(at - bytes, at, entries, end64, last);
    }

    /** Where the end record is: nothing but its own comment follows it, so that every reader takes the same one. */
    private long end() throws IOException, UnusableJarException {
        long size = file.size();
        if (size < END_SIZE) {
            throw new UnusableJarException("it is no zip file");
        }
        int length = (int) Math.min(size, END_SIZE + MAX_COMMENT);
        ByteBuffer tail = read(size - length, length);
        for (int at = length - END_SIZE; at >= 0; at--) {
            if (tail.getInt(at) == END) {
                if (Short.toUnsignedInt(tail.getShort(at + 20)) != length - END_SIZE - at) {
                    throw new UnusableJarException("something follows its end, or it is cut off");
                }
                return size - length + at;
            }
        }
        throw new UnusableJarException("it is no zip file, or is cut off");
    }

    /** Checks the headers, and copies those of names that were not there before. */
    private boolean headers(Parts parts, @Nullable FileChannel out) throws IOException, UnusableJarException {
        long at = parts.start;
        long found = 0;
        Set<String> names = new HashSet<>();
        boolean repeated = false;
        while (at < parts.end) {
            ByteBuffer header = read(at, HEADER_SIZE);
            if (header.getInt(0) != HEADER) {
                throw new UnusableJarException("its directory is damaged");
            }
            if ((header.getShort(8) & ENCRYPTED) != 0) {
                throw new UnusableJarException("an entry is encrypted");
            }
            int method = Short.toUnsignedInt(header.getShort(10));
            if (method != STORED && method != DEFLATED) {
                throw new UnusableJarException("an entry is compressed by method " + method
                        + "; a jar's are stored (0) or deflated (8)");
            }
            int length = Short.toUnsignedInt(header.getShort(28));
            String name = new String(read(at + HEADER_SIZE, length).array(), StandardCharsets.UTF_8);
            int size = HEADER_SIZE + length + Short.toUnsignedInt(header.getShort(30))
                    + Short.toUnsignedInt(header.getShort(32));
            if (names.add(name)) {
                if (out != null) {
                    write(read(at, size), out);
                }
            } else {
                if (name.endsWith(CLASS)) {
                    throw new UnusableJarException("two entries have the name " + shown(name));
                }
                repeated = true;
            }
            at += size;
            found++;
        }
        if (at != parts.end || found != parts.entries) {
            throw new UnusableJarException(
                    "its directory has not the " + parts.entries + " entries that it says");
        }
        kept = names.size();
        return repeated;
    }

    /** Writes the records of the end, with what has changed. */
    private void ends(Parts parts, FileChannel out) throws IOException, UnusableJarException {
        long end = out.position();
        if (parts.end64 >= 0) {
            long length = parts.last - LOCATOR_SIZE - parts.end64;
            if (length < END64_SIZE || length > MAX_END64) {
                throw new UnusableJarException("its zip64 directory is not where it says");
            }
            ByteBuffer record = read(parts.end64, (int) length);
            record.putLong(24, kept).putLong(32, kept).putLong(40, end - parts.start);
            write(record, out);
            write(read(parts.last - LOCATOR_SIZE, LOCATOR_SIZE).putLong(8, end), out);
        }
        ByteBuffer record = read(parts.last, END_SIZE);
        // The comment is left out.
        record.putShort(20, (short) 0);
        if (parts.end64 < 0) {
            record.putShort(8, (short) kept).putShort(10, (short) kept).putInt(12, (int) (end - parts.start));
        } else {
            // The other record says it.
            record.putShort(8, (short) -1).putShort(10, (short) -1).putInt(12, -1);
        }
        write(record, out);
    }

    private static void write(ByteBuffer bytes, FileChannel out) throws IOException {
        bytes.rewind();
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    /** Text of the jar's maker, at a length and in characters that a message can have. */
    public static String shown(String text) {
        String all = text.replaceAll("\\p{Cntrl}", "?");
        return all.length() <= SHOWN ? all : all.substring(0, SHOWN) + "…";
    }

    private ByteBuffer read(long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (at < 0) {
            throw new EOFException();
        }
        while (buffer.hasRemaining()) {
            if (file.read(buffer, at + buffer.position()) < 0) {
                throw new EOFException();
            }
        }
        return buffer.flip();
    }
}
