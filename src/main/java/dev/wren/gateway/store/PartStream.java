package dev.wren.gateway.store;

import java.io.InputStream;

/** Part of an object, read block by block. Reading throws {@link StoreException}. For one thread. */
public final class PartStream extends InputStream {

    private static final int BLOCK = 4 << 20;

    private final ObjectStore store;
    private final String key;
    private final long end;
    private long position;
    private byte[] block = new byte[0];
    private int at;

    /**
     * Opens the part, and reads its first block.
     *
     * @param offset of its first byte
     * @param size its bytes
     * @throws DamagedObjectException if the object is not there, or ends before it, here or while it is read
     */
    public PartStream(ObjectStore store, String key, long offset, long size) {
        this.store = store;
        this.key = key;
        this.position = offset;
        this.end = offset + size;
        fill();
    }

    private void fill() {
        if (position < end) {
            int length = (int) Math.min(BLOCK, end - position);
            block = store.read(key, position, length)
                    .orElseThrow(() -> new DamagedObjectException(key, "is not there", null));
            if (block.length != length) {
                throw new DamagedObjectException(key, "ends before byte " + (position + length), null);
            }
            position += length;
            at = 0;
        }
    }

    private boolean atEnd() {
        if (at == block.length) {
            if (position == end) {
                return true;
            }
            fill();
        }
        return false;
    }

    @Override
    public int read() {
        return atEnd() ? -1 : block[at++] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (atEnd()) {
            return -1;
        }
        int part = Math.min(length, block.length - at);
        System.arraycopy(block, at, to, offset, part);
        at += part;
        return part;
    }
}
