package dev.wren.protocol;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Where a worker is, in a file that both sides map: it tells which call a process died in, at the cost of two stores a
 * call. One thread writes, any number read.
 */
public final class Progress {

    /** {@link Point#call}: between calls. */
    public static final int IDLE = -1;
    /** {@link Point#call}: preparing the function of a chunk. */
    public static final int SETUP = -2;

    private static final int SIZE = 16;
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class,
            ByteOrder.nativeOrder());

    private final MappedByteBuffer file;

    private Progress(MappedByteBuffer file) {
        this.file = file;
    }

    /**
     * Where a worker is.
     *
     * @param call index of the call that runs, or {@link #IDLE} or {@link #SETUP}
     * @param sinceMillis since when, milliseconds since the epoch
     */
    public record Point(int call, long sinceMillis) {
    }

    /** Maps {@code file}, and makes it where there is none. */
    public static Progress open(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            if (channel.size() < SIZE) {
                ByteBuffer idle = ByteBuffer.allocate(SIZE).order(ByteOrder.nativeOrder());
                channel.write(idle.putLong(0, IDLE), 0);
            }
            return new Progress(channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE));
        } catch (IOException e) {
            throw new UncheckedIOException("progress file " + file, e);
        }
    }

    /** Says that {@code call} begins now. */
    public void enter(int call, long nowMillis) {
        LONG.setRelease(file, 0, (long) IDLE);
        LONG.setRelease(file, 8, nowMillis);
        LONG.setRelease(file, 0, (long) call);
    }

    /** Says that nothing runs. */
    public void leave() {
        LONG.setRelease(file, 0, (long) IDLE);
    }

    /** Where the worker is now, or was when it died. */
    public Point read() {
        while (true) {
            long call = (long) LONG.getAcquire(file, 0);
            long since = (long) LONG.getAcquire(file, 8);
            if ((long) LONG.getAcquire(file, 0) == call) {
                return new Point((int) call, since);
            }
            Thread.onSpinWait();
        }
    }
}
