package dev.wren.worker.binding;

import java.io.OutputStream;
import java.util.Arrays;

/**
 * A value's JSON while it is written, used again for every call. It refuses to grow over a limit, so that a value that
 * never ends costs no more memory than one that is just too large. For one thread.
 */
public final class ValueBuffer extends OutputStream {

    private static final int KEPT = 256 << 10;

    private final int limit;
    private byte[] bytes = new byte[8 << 10];
    private int size;
    private boolean full;

    /**
     * @param limit bytes that a value may have
     */
    public ValueBuffer(int limit) {
        this.limit = limit;
    }

    /** A value has more bytes than the limit. */
    public static final class FullException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        FullException(int limit) {
            super("the value is larger than the limit of " + limit + " bytes", null, false, false);
        }
    }

    /** Forgets the last value, and gives back the memory of a large one. */
    void clear() {
        size = 0;
        full = false;
        if (bytes.length > KEPT) {
            bytes = new byte[KEPT];
        }
    }

    /** Whether a value did not fit, whatever became of the exception. */
    public boolean isFull() {
        return full;
    }

    /** The most bytes that a value may have. */
    public int limit() {
        return limit;
    }

    /** Bytes of the value. */
    public int size() {
        return size;
    }

    /** The value in an array of its own. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** The array that holds the value, from 0 to {@link #size}, until the next call. */
    public byte[] array() {
        return bytes;
    }

    @Override
    public void write(int b) {
        room(1);
        bytes[size++] = (byte) b;
    }

    @Override
    public void write(byte[] b, int off, int len) {
        room(len);
        System.arraycopy(b, off, bytes, size, len);
        size += len;
    }

    /** Takes out the space between the tokens of what is JSON. */
    void compact() {
        int to = 0;
        boolean text = false;
        boolean escaped = false;
        for (int i = 0; i < size; i++) {
            byte b = bytes[i];
            if (text) {
                text = escaped || b != '"';
                escaped = !escaped && b == '\\';
            } else if (b == ' ' || b == '\n' || b == '\r' || b == '\t') {
                continue;
            } else {
                text = b == '"';
            }
            bytes[to++] = b;
        }
        size = to;
    }

    private void room(int more) {
        long needed = (long) size + more;
        if (needed > limit) {
            full = true;
            throw new FullException(limit);
        }
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(limit, bytes.length * 2L)));
        }
    }
}
