package dev.wren.gateway.jar;

import dev.wren.gateway.jar.HostileJar.UnusableException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The end of a zip file, and the headers of its directory, read in constant memory. Java's own reader takes the whole
 * directory into memory before it can be asked how large it is. After PKWARE's APPNOTE 6.3.10, sections 4.3.12 to 4.3.16.
 */
final class ZipDirectory {

    /** Java's reader holds the directory, and about as much again as tables. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int END = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int MAX_COMMENT = 0xffff;
    private static final int END64 = 0x06064b50;
    private static final int END64_SIZE = 56;
    private static final int LOCATOR = 0x07064b50;
    private static final int LOCATOR_SIZE = 20;
    private static final int HEADER = 0x02014b50;
    private static final int HEADER_SIZE = 46;
    private static final int ENCRYPTED = 1 | 1 << 6 | 1 << 13;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private final FileChannel file;

    private ZipDirectory(FileChannel file) {
        this.file = file;
    }

    /**
     * Checks the number of entries and their headers.
     *
     * @throws UnusableException with the reason
     */
    static void check(Path path, int maxEntries) throws IOException, UnusableException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            new ZipDirectory(file).check(maxEntries);
        } catch (EOFException _) {
            throw new UnusableException("its directory is cut off");
        }
    }

    private void check(int maxEntries) throws IOException, UnusableException {
        long at = end();
        ByteBuffer end = read(at, END_SIZE);
        long entries = Short.toUnsignedLong(end.getShort(10));
        long bytes = Integer.toUnsignedLong(end.getInt(12));
        long start = Integer.toUnsignedLong(end.getInt(16));
        boolean large = entries == 0xffff || bytes == 0xffffffffL || start == 0xffffffffL;
        ByteBuffer locator = at >= LOCATOR_SIZE ? read(at - LOCATOR_SIZE, LOCATOR_SIZE) : null;
        if (locator != null && locator.getInt(0) == LOCATOR) {
            // Allowed in a small file too; then both say the same.
            long at64 = locator.getLong(8);
            ByteBuffer end64 = read(at64, END64_SIZE);
            if (end64.getInt(0) == END64) {
                entries = end64.getLong(32);
                bytes = end64.getLong(40);
                at = at64;
            } else if (large) {
                throw new UnusableException("its zip64 directory is not where it says");
            }
        }
        if (entries == 0) {
            throw new UnusableException("it has no entries");
        }
        if (entries < 0 || entries > maxEntries) {
            throw new UnusableException("it has " + Long.toUnsignedString(entries) + " entries; " + maxEntries
                    + " are allowed");
        }
        if (bytes < 0 || bytes > MAX_BYTES || bytes > at) {
            throw new UnusableException("its directory has " + Long.toUnsignedString(bytes) + " bytes; "
                    + Math.min(MAX_BYTES, at) + " are possible or allowed");
        }
        checkHeaders(at - bytes, at, entries);
    }

    /** Where the end record is: nothing but its own comment follows it, so that every reader takes the same one. */
    private long end() throws IOException, UnusableException {
        long size = file.size();
        if (size < END_SIZE) {
            throw new UnusableException("it is no zip file");
        }
        int length = (int) Math.min(size, END_SIZE + MAX_COMMENT);
        ByteBuffer tail = read(size - length, length);
        for (int at = length - END_SIZE; at >= 0; at--) {
            if (tail.getInt(at) == END) {
                if (Short.toUnsignedInt(tail.getShort(at + 20)) != length - END_SIZE - at) {
                    throw new UnusableException("something follows its end, or it is cut off");
                }
                return size - length + at;
            }
        }
        throw new UnusableException("it is no zip file, or is cut off");
    }

    private void checkHeaders(long from, long to, long entries) throws IOException, UnusableException {
        long at = from;
        long found = 0;
        while (at < to) {
            ByteBuffer header = read(at, HEADER_SIZE);
            if (header.getInt(0) != HEADER) {
                throw new UnusableException("its directory is damaged");
            }
            if ((header.getShort(8) & ENCRYPTED) != 0) {
                throw new UnusableException("an entry is encrypted");
            }
            int method = Short.toUnsignedInt(header.getShort(10));
            if (method != STORED && method != DEFLATED) {
                throw new UnusableException("an entry is compressed by method " + method
                        + "; a jar's are stored (0) or deflated (8)");
            }
            at += HEADER_SIZE + Short.toUnsignedLong(header.getShort(28))
                    + Short.toUnsignedLong(header.getShort(30)) + Short.toUnsignedLong(header.getShort(32));
            found++;
        }
        if (at != to || found != entries) {
            throw new UnusableException("its directory has not the " + entries + " entries that it says");
        }
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
