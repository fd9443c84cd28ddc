package dev.wren.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The body of a map, made while it is sent: of the data there are a few in memory. What was made is kept, in a file where it
 * is much, so that it can be sent once more just as it was. Of the streams that read it the newest is good; safe for use by
 * the threads that read them.
 */
final class MapBody implements AutoCloseable {

    /** Bytes that are made at once. */
    private static final int PIECE = 1 << 16;
    /** Bytes that are kept in memory. */
    private static final int IN_MEMORY = 1 << 20;

    private final Iterator<?> data;
    private final JsonMapper json;
    /** All that was made, as long as it is little. */
    private byte[] memory;
    private @Nullable Path file;
    private @Nullable FileChannel channel;
    private long size;
    private long position;
    private boolean over;
    private @Nullable RuntimeException failure;

    /**
     * @param fields of the map, a JSON object without {@code iterdata}
     */
    MapBody(byte[] fields, Iterator<?> data, JsonMapper json) {
        this.data = data;
        this.json = json;
        byte[] member = ",\"iterdata\":[".getBytes(StandardCharsets.US_ASCII);
        // The object is open for one more.
        memory = Arrays.copyOf(fields, fields.length - 1 + member.length);
        System.arraycopy(member, 0, memory, fields.length - 1, member.length);
        size = memory.length;
    }

    /** Why the body cannot be made to its end; null if nothing is wrong. */
    synchronized @Nullable RuntimeException failure() {
        return failure;
    }

    /** From its beginning. */
    InputStream open() {
        return new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] to, int offset, int length) throws IOException {
                int n = MapBody.this.read(at, to, offset, length);
                at += Math.max(n, 0);
                return n;
            }
        };
    }

    private synchronized int read(long at, byte[] to, int offset, int length) throws IOException {
        try {
            while (at == size && !over) {
                make();
            }
        } catch (RuntimeException e) {
            failure = e instanceof JacksonException
                    ? new IllegalArgumentException("The datum " + position + " has no JSON: " + e.getMessage(), e)
                    : e;
            throw new IOException(e);
        }
        if (at == size) {
            return -1;
        }
        int n = (int) Math.min(length, size - at);
        FileChannel from = channel;
        if (from == null) {
            System.arraycopy(memory, (int) at, to, offset, n);
            return n;
        }
        return from.read(ByteBuffer.wrap(to, offset, n), at);
    }

    /** Makes a piece. */
    private void make() throws IOException {
        ByteArrayOutputStream piece = new ByteArrayOutputStream(PIECE);
        while (piece.size() < PIECE && data.hasNext()) {
            Object datum = data.next();
            if (position > 0) {
                piece.write(',');
            }
            piece.writeBytes(datum instanceof RawJson raw ? raw.bytes() : json.writeValueAsBytes(datum));
            position++;
        }
        if (!data.hasNext()) {
            piece.write(']');
            piece.write('}');
            over = true;
        }
        keep(piece.toByteArray());
    }

    /**
     * A datum that is JSON already.
     *
     * @param bytes its text
     */
    @SuppressWarnings("ArrayRecordComponent")
    record RawJson(byte[] bytes) {
    }

    private void keep(byte[] piece) throws IOException {
        if (channel == null && size + piece.length > IN_MEMORY) {
            Path made = Files.createTempFile("wren-map-", ".json");
            file = made;
            channel = FileChannel.open(made, StandardOpenOption.READ, StandardOpenOption.WRITE);
            write(channel, memory, 0);
            memory = new byte[0];
        }
        if (channel == null) {
            memory = Arrays.copyOf(memory, memory.length + piece.length);
            System.arraycopy(piece, 0, memory, memory.length - piece.length, piece.length);
        } else {
            write(channel, piece, size);
        }
        size += piece.length;
    }

    private static void write(FileChannel channel, byte[] bytes, long at) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer, at + buffer.position());
        }
    }

    @Override
    public synchronized void close() {
        try {
            if (channel != null) {
                channel.close();
            }
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
