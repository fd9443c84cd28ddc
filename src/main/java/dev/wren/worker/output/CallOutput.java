package dev.wren.worker.output;

import dev.wren.protocol.Output;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What calls write to standard output and error. All of it goes to one file at once: what Java prints through our
 * streams, and what anything else writes to descriptors 1 and 2, which whoever starts the process has tied to the same
 * file, both appending. After each call the file is read and emptied. Of what Java prints above the log limit, only the
 * end is kept, in memory, so that a chatty function fills no disk.
 *
 * <p>The streams are safe for use by several threads; {@link #take} is for the thread that runs the calls.
 */
public final class CallOutput implements AutoCloseable {

    private static final byte[] NOTHING = new byte[0];

    private final ReentrantLock lock = new ReentrantLock();
    private final RandomAccessFile file;
    private final FileOutputStream append;
    private final int excerptLimit;
    private final int logLimit;
    private final PrintStream out;
    private final PrintStream err;
    private final InputStream in = new EmptyInput();
    private final int tailSize;
    private byte[] tail = NOTHING;
    private long written;
    private long ringed;
    private byte[] log = NOTHING;

    /**
     * @param file where the process's own output goes
     * @param excerptLimit bytes of output up to which all of it is reported
     * @param logLimit bytes of output above which only head and tail are kept
     */
    public CallOutput(Path file, int excerptLimit, int logLimit) {
        this.excerptLimit = Math.min(excerptLimit, logLimit);
        this.logLimit = logLimit;
        // Neither class is a channel: an interrupt of the function's thread must not close them.
        try {
            this.file = new RandomAccessFile(file.toFile(), "rw");
            this.append = new FileOutputStream(file.toFile(), true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        tailSize = Math.max(1, logLimit - logLimit / 2);
        out = new CapturedStream(new Sink());
        err = new CapturedStream(new Sink());
    }

    /** Makes standard output, error and input what functions are promised. */
    public void install() {
        System.setOut(out);
        System.setErr(err);
        System.setIn(in);
    }

    /** What was written since the last time; {@link #log()} has all of it where the excerpt does not. */
    public Output take() {
        lock.lock();
        try {
            log = NOTHING;
            long size = file.length();
            if (size == 0 && ringed == 0) {
                return Output.NONE;
            }
            Output output = read(size);
            if (size > 0) {
                file.setLength(0);
            }
            written = 0;
            ringed = 0;
            return output;
        } catch (IOException e) {
            return new Output(("(the output is lost: " + e + ")").getBytes(StandardCharsets.UTF_8), 0);
        } finally {
            lock.unlock();
        }
    }

    /** The log that belongs to the last {@link #take}; empty when the excerpt was all. */
    public byte[] log() {
        return log;
    }

    @Override
    public void close() throws IOException {
        file.close();
        append.close();
    }

    private Output read(long size) throws IOException {
        long total = size + ringed;
        byte[] all;
        long leftOut = 0;
        int headSize;
        if (ringed == 0 && size <= logLimit) {
            all = part(0, (int) size);
            headSize = all.length;
        } else {
            byte[] head = part(0, (int) Math.min(size, logLimit / 2));
            int fromRing = (int) Math.min(ringed, tailSize);
            int fromFile = (int) Math.min(tailSize - fromRing, size - head.length);
            byte[] end = part(size - fromFile, fromFile);
            leftOut = total - head.length - end.length - fromRing;
            byte[] marker = leftOut == 0 ? NOTHING : marker(leftOut);
            all = new byte[head.length + marker.length + end.length + fromRing];
            headSize = head.length;
            System.arraycopy(head, 0, all, 0, head.length);
            System.arraycopy(marker, 0, all, head.length, marker.length);
            System.arraycopy(end, 0, all, head.length + marker.length, end.length);
            int at = head.length + marker.length + end.length;
            for (long i = ringed - fromRing; i < ringed; i++) {
                all[at++] = tail[(int) (i % tailSize)];
            }
        }
        if (total <= excerptLimit) {
            return new Output(Excerpt.valid(all, 0, all.length), 0);
        }
        log = all;
        return new Output(Excerpt.of(all, headSize, total, excerptLimit), all.length);
    }

    static byte[] marker(long leftOut) {
        return ("\n[... " + leftOut + " bytes left out ...]\n").getBytes(StandardCharsets.UTF_8);
    }

    private byte[] part(long from, int length) throws IOException {
        byte[] bytes = new byte[length];
        file.seek(from);
        file.readFully(bytes);
        return bytes;
    }

    private final class Sink extends OutputStream {

        @Override
        public void write(int b) throws IOException {
            write(new byte[]{(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            lock.lock();
            try {
                int through = (int) Math.min(length, logLimit - written);
                if (through > 0) {
                    append.write(bytes, offset, through);
                    written += through;
                }
                if (through < length && tail.length == 0) {
                    tail = new byte[tailSize];
                }
                for (int i = offset + through, end = offset + length; i < end;) {
                    int at = (int) (ringed % tailSize);
                    int run = Math.min(end - i, tailSize - at);
                    System.arraycopy(bytes, i, tail, at, run);
                    ringed += run;
                    i += run;
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
