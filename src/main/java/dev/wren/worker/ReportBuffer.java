package dev.wren.worker;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Report;
import dev.wren.protocol.WireWriter;
import dev.wren.worker.run.ReportSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Collects reports, so that many short calls share a write, and holds none back for long. Everything that a worker says
 * goes through it, as whole messages. Safe for use by several threads.
 *
 * <p>A report leaves at once when nothing was sent in the last millisecond. Else it leaves with a later one, or by the
 * flusher thread a millisecond later, whichever is first.
 */
final class ReportBuffer implements ReportSink {

    private static final int FULL = 32 << 10;
    private static final int KEPT = 256 << 10;
    private static final long DELAY = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int NONE = -1;

    private final WritableByteChannel channel;
    private final LongSupplier nanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread flusher;
    private WireWriter out = new WireWriter(FULL + FULL / 2);
    private int open = NONE;
    private long flushed;
    private volatile boolean waiting;
    private volatile boolean flusherRests;

    /**
     * @param channel where messages go; a write takes all
     * @param nanos a clock for durations
     */
    ReportBuffer(WritableByteChannel channel, LongSupplier nanos) {
        this.channel = channel;
        this.nanos = nanos;
        flushed = nanos.getAsLong() - DELAY;
        flusher = new Thread(null, this::flushLate, "wren-flusher", 128 << 10, false);
        flusher.setDaemon(true);
    }

    /** Starts the flusher. */
    void start() {
        flusher.start();
    }

    @Override
    public void add(Report report, long now) throws IOException {
        lock.lock();
        try {
            if (open == NONE) {
                open = Frame.REPORTS.begin(out);
            }
            report.write(out);
            if (out.size() >= FULL || now - flushed >= DELAY) {
                send(now);
            } else {
                waiting = true;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sendSoon() {
        if (waiting && flusherRests) {
            flusherRests = false;
            LockSupport.unpark(flusher);
        }
    }

    @Override
    public void addLarge(Report report, byte[] log, int logSize, byte[] value, int valueSize) throws IOException {
        lock.lock();
        try {
            finish();
            int start = Frame.LARGE_REPORT.begin(out);
            int at = out.size();
            out.putInt(0);
            report.write(out);
            out.setInt(at, out.size() - at - 4);
            out.setInt(start, out.size() - start - 4 + logSize + valueSize);
            send(nanos.getAsLong());
            channel.write(ByteBuffer.wrap(log, 0, logSize));
            channel.write(ByteBuffer.wrap(value, 0, valueSize));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void returned(int[] calls) throws IOException {
        lock.lock();
        try {
            finish();
            int start = Frame.RETURNED.begin(out);
            out.putInt(calls.length);
            for (int call : calls) {
                out.putInt(call);
            }
            Frame.end(out, start);
            send(nanos.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void retiring(String reason) throws IOException {
        lock.lock();
        try {
            finish();
            int start = Frame.RETIRING.begin(out);
            out.putString(reason);
            Frame.end(out, start);
            send(nanos.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    /** Sends who this worker is. */
    void hello(Frame.Hello hello) throws IOException {
        lock.lock();
        try {
            int start = Frame.HELLO.begin(out);
            hello.write(out);
            Frame.end(out, start);
            send(nanos.getAsLong());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() throws IOException {
        if (waiting) {
            lock.lock();
            try {
                send(nanos.getAsLong());
            } finally {
                lock.unlock();
            }
        }
    }

    /** Sends what waits, unless somebody else writes for longer than {@code millis}. For the end of the process. */
    void flushWithin(long millis) throws IOException, InterruptedException {
        if (lock.tryLock(millis, TimeUnit.MILLISECONDS)) {
            try {
                send(nanos.getAsLong());
            } finally {
                lock.unlock();
            }
        }
    }

    private void finish() {
        if (open != NONE) {
            Frame.end(out, open);
            open = NONE;
        }
    }

    private void send(long now) throws IOException {
        finish();
        waiting = false;
        flushed = now;
        if (out.size() > 0) {
            boolean large = out.size() > KEPT;
            out.drainTo(channel);
            if (large) {
                out = new WireWriter(FULL + FULL / 2);
            }
        }
    }

    private void flushIfLate() throws IOException {
        lock.lock();
        try {
            long now = nanos.getAsLong();
            if (waiting && now - flushed >= DELAY) {
                send(now);
            }
        } finally {
            lock.unlock();
        }
    }

    private void flushLate() {
        try {
            while (true) {
                if (waiting) {
                    LockSupport.parkNanos(DELAY);
                    flushIfLate();
                } else {
                    flusherRests = true;
                    if (!waiting) {
                        LockSupport.park();
                    }
                    flusherRests = false;
                }
                // An interrupt would keep it from ever parking again.
                Thread.interrupted();
            }
        } catch (IOException e) {
            // The reader sees the same end of the connection, and ends the process.
        }
    }
}
