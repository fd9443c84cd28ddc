package dev.wren.worker;

import dev.wren.protocol.Frame;
import dev.wren.protocol.WireException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The socket to the gateway. One thread reads; writers take turns by a lock of theirs. The channel never blocks: a
 * blocking one would be closed by an interrupt that a function has left for its thread, and selectors only wake up.
 */
final class Connection implements WritableByteChannel {

    private static final int BUFFER = 64 << 10;
    private static final int MAX_FRAME = 1 << 30;

    private final SocketChannel channel;
    private final Selector readable;
    private final Selector writable;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).flip();
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private volatile long patienceMillis;

    private Connection(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        readable = Selector.open();
        writable = Selector.open();
        channel.register(readable, SelectionKey.OP_READ);
        channel.register(writable, SelectionKey.OP_WRITE);
    }

    /** Connects to the socket that the gateway listens on. */
    static Connection to(Path socket) throws IOException {
        return new Connection(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }

    /** What the gateway says: a kind and its body. */
    @SuppressWarnings("ArrayRecordComponent")
    record Message(Frame kind, byte[] body) {
    }

    /**
     * The next message, or null when the gateway has gone.
     *
     * @throws WireException when it is none
     */
    @Nullable
    Message read() throws IOException {
        while (in.remaining() < Frame.HEADER) {
            if (!fill()) {
                return null;
            }
        }
        int length = in.getInt() - 1;
        if (length < 0 || length > MAX_FRAME) {
            throw new WireException("a message of " + length + " bytes");
        }
        Frame kind = Frame.of(in.get());
        byte[] body = new byte[length];
        int have = 0;
        while (true) {
            int part = Math.min(in.remaining(), length - have);
            in.get(body, have, part);
            have += part;
            if (have == length) {
                return new Message(kind, body);
            }
            if (!fill()) {
                return null;
            }
        }
    }

    private boolean fill() throws IOException {
        in.compact();
        try {
            while (true) {
                int n = channel.read(in);
                if (n != 0) {
                    return n > 0;
                }
                await(readable, 0);
            }
        } finally {
            in.flip();
        }
    }

    /** Writes all of {@code source}, however long the gateway takes to read it. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        int size = source.remaining();
        while (source.hasRemaining()) {
            int part = Math.min(source.remaining(), BUFFER);
            out.clear().put(0, source, source.position(), part).limit(part);
            source.position(source.position() + part);
            while (out.hasRemaining()) {
                if (channel.write(out) == 0 && !await(writable, patienceMillis)) {
                    throw new IOException("the gateway does not read");
                }
            }
        }
        return size;
    }

    /** From now on, writing gives up when the gateway reads nothing for that long. */
    void beImpatient(long millis) {
        patienceMillis = millis;
    }

    private static boolean await(Selector selector, long millis) throws IOException {
        int ready = selector.select(millis);
        selector.selectedKeys().clear();
        // An interrupt wakes the selector, and would do so forever.
        return Thread.interrupted() || ready > 0;
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        readable.close();
        writable.close();
        channel.close();
    }
}
