package dev.wren.protocol;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A growing buffer of big-endian numbers and length-prefixed bytes. Not safe for use by several threads. */
public final class WireWriter {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private byte[] buffer;
    private int size;

    /** A writer that has room for {@code capacity} bytes before it grows. */
    public WireWriter(int capacity) {
        buffer = new byte[Math.max(16, capacity)];
    }

    /** Bytes written so far. */
    public int size() {
        return size;
    }

    public void putByte(int value) {
        room(1);
        buffer[size++] = (byte) value;
    }

    public void putInt(int value) {
        room(4);
        INT.set(buffer, size, value);
        size += 4;
    }

    public void putLong(long value) {
        room(8);
        LONG.set(buffer, size, value);
        size += 8;
    }

    /** Writes {@code value} over what is at {@code position}. */
    public void setInt(int position, int value) {
        INT.set(buffer, position, value);
    }

    /** Bytes with no length before them. */
    public void putRaw(byte[] bytes, int offset, int length) {
        room(length);
        System.arraycopy(bytes, offset, buffer, size, length);
        size += length;
    }

    /** The length, then the bytes. */
    public void putBytes(byte[] bytes) {
        putInt(bytes.length);
        putRaw(bytes, 0, bytes.length);
    }

    /** The length in UTF-8, then the text. */
    public void putString(String text) {
        putBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** A text, or null. */
    public void putNullable(@Nullable String text) {
        if (text == null) {
            putInt(-1);
        } else {
            putString(text);
        }
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(buffer, size);
    }

    /** Writes all to {@code channel} and forgets it. */
    public void drainTo(WritableByteChannel channel) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(buffer, 0, size);
        while (out.hasRemaining()) {
            channel.write(out);
        }
        size = 0;
    }

    private void room(int more) {
        if (buffer.length - size < more) {
            long wanted = Math.max((long) size + more, buffer.length * 2L);
            buffer = Arrays.copyOf(buffer, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        }
    }
}
