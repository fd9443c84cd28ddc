package dev.wren.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a {@link WireWriter} wrote, from a part of an array. Every method throws {@link WireException} where the
 * bytes end too soon. Not safe for use by several threads.
 */
public final class WireReader {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] buffer;
    private final int end;
    private int position;

    public WireReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    public WireReader(byte[] bytes, int offset, int length) {
        buffer = bytes;
        position = offset;
        end = offset + length;
    }

    /** Where the next byte is taken from, in the array. */
    public int position() {
        return position;
    }

    /** Bytes left. */
    public int remaining() {
        return end - position;
    }

    public int getByte() {
        need(1);
        return buffer[position++];
    }

    public int getInt() {
        need(4);
        int value = (int) INT.get(buffer, position);
        position += 4;
        return value;
    }

    public long getLong() {
        need(8);
        long value = (long) LONG.get(buffer, position);
        position += 8;
        return value;
    }

    public byte[] getBytes() {
        int length = length();
        byte[] bytes = Arrays.copyOfRange(buffer, position, position + length);
        position += length;
        return bytes;
    }

    public String getString() {
        int length = length();
        String text = new String(buffer, position, length, StandardCharsets.UTF_8);
        position += length;
        return text;
    }

    public @Nullable String getNullable() {
        need(4);
        if ((int) INT.get(buffer, position) == -1) {
            position += 4;
            return null;
        }
        return getString();
    }

    /** Passes over {@code count} bytes. */
    public void skip(int count) {
        need(count);
        position += count;
    }

    private int length() {
        int length = getInt();
        if (length < 0) {
            throw new WireException("a length of " + length);
        }
        need(length);
        return length;
    }

    private void need(int bytes) {
        if (bytes < 0 || end - position < bytes) {
            throw new WireException("ends " + (bytes - (end - position)) + " bytes too soon");
        }
    }
}
