package fn;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/** Writes into its worker's own files that it has begun in a hundred years, and hangs. */
public class Tamper implements Function<Object, Object> {
    @Override
    public Object apply(Object datum) {
        try (RandomAccessFile progress = new RandomAccessFile("../progress", "rw")) {
            progress.seek(8);
            progress.write(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder())
                    .putLong(System.currentTimeMillis() + 100L * 365 * 24 * 3600 * 1000).array());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        while (true) {
            LockSupport.park();
        }
    }
}
