package dev.wren.gateway.executor.local;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The next so many bytes of a connection. The connection ending before is an error. Used by one thread. */
final class BoundedPart extends InputStream {

    private final InputStream in;
    private long left;

    BoundedPart(InputStream in, long size) {
        this.in = in;
        this.left = size;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int n = in.read(buffer, offset, (int) Math.min(length, left));
        if (n < 0) {
            throw new EOFException("the connection ended " + left + " bytes too soon");
        }
        left -= n;
        return n;
    }

    /** Passes over what nobody has read. */
    void drain() throws IOException {
        byte[] buffer = new byte[8192];
        while (left > 0) {
            read(buffer, 0, buffer.length);
        }
    }
}
