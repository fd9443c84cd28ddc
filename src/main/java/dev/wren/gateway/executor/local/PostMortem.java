package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Chunk;
import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Report;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is found when a worker has died in a chunk: one call may be to blame, the others go elsewhere. */
final class PostMortem {

    private static final Logger log = LoggerFactory.getLogger(PostMortem.class);

    private final Chunk chunk;
    private final WorkerProcess worker;
    private final LocalSettings settings;
    private final Watch watch;
    private final Watch.@Nullable Kill why;

    /**
     * @param watch of the chunk: it is over then
     */
    PostMortem(Chunk chunk, WorkerProcess worker, LocalSettings settings, Watch watch) {
        this.chunk = chunk;
        this.worker = worker;
        this.settings = settings;
        this.watch = watch;
        this.why = watch.end();
    }

    /** Accounts for all calls that are open. */
    void account() throws InterruptedException {
        int exitCode = worker.exitCode();
        Progress.Point at = worker.progress().read();
        int[] open = chunk.open();
        if (open.length == 0) {
            return;
        }
        int culprit = at.call() == Progress.SETUP ? open[0] : at.call();
        boolean blamed = chunk.isOpen(culprit) && (why == null || (why.isTooSlow() && why.call() == at.call()));
        if (blamed) {
            chunk.report(report(culprit, at, exitCode));
        } else if (why == null) {
            chunk.lose(open[0], "the worker ended between two calls, with exit code " + exitCode);
        } else if (why.reason() == Watch.Reason.SILENT) {
            chunk.lose(open[0], "nothing was heard of the worker for "
                    + seconds(settings.silence(maxRuntime())) + " s");
        }
        for (int call : chunk.open()) {
            chunk.giveBack(call);
        }
    }

    private Duration maxRuntime() {
        return chunk.job().settings().jobMaxRuntime();
    }

    private Report report(int call, Progress.Point at, int exitCode) {
        Duration ran = watch.timeAt(at);
        byte[] written = written();
        byte[] excerpt = excerpt(written, (int) settings.excerptLimit().toBytes());
        boolean whole = written.length <= settings.excerptLimit().toBytes();
        Report.Status status = new Report.Status(at.sinceMillis() * 1000, ran.toNanos(), 0, false, worker.id(),
                new Output(excerpt, whole ? 0 : written.length), why == null ? (Integer) exitCode : null);
        Report report = new Report(call, chunk.attemptOf(call), chunk.send(),
                new Outcome.Failure(error(at.call() == Progress.SETUP, exitCode)), status);
        if (!whole) {
            chunk.storeLog(report, new ByteArrayInputStream(written));
        }
        return report;
    }

    private CallError error(boolean setup, int exitCode) {
        if (why == null) {
            return CallError.of(ErrorCode.RETCODE,
                    "The process ended in this call, with exit code " + exitCode + ".");
        }
        return CallError.of(ErrorCode.OUTATIME, setup
                ? "Preparing the function took more than " + settings.setupTimeout().toSeconds() + " s."
                : "The attempt ran longer than jobMaxRuntime, " + seconds(maxRuntime()) + " s.");
    }

    /** Head and tail of what was written, as valid UTF-8. */
    private static byte[] excerpt(byte[] written, int limit) {
        if (written.length <= limit) {
            return new String(written, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        }
        int half = limit / 2;
        return (new String(written, 0, half, StandardCharsets.UTF_8) + leftOut(written.length - 2L * half)
                + new String(written, written.length - half, half, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String leftOut(long bytes) {
        return "\n... " + bytes + " bytes left out ...\n";
    }

    /** What the dead worker's call has written: all of it, or head and tail where that is over the limit. */
    private byte[] written() {
        int limit = (int) settings.logLimit().toBytes();
        try (FileChannel file = FileChannel.open(worker.output(), StandardOpenOption.READ)) {
            long size = file.size();
            if (size <= limit) {
                return read(file, 0, (int) size);
            }
            ByteArrayOutputStream parts = new ByteArrayOutputStream(limit + 64);
            parts.writeBytes(read(file, 0, limit / 2));
            parts.writeBytes(leftOut(size - 2L * (limit / 2)).getBytes(StandardCharsets.UTF_8));
            parts.writeBytes(read(file, size - limit / 2, limit / 2));
            return parts.toByteArray();
        } catch (IOException e) {
            log.debug("{}: its output cannot be read", worker.id(), e);
            return new byte[0];
        }
    }

    private static byte[] read(FileChannel file, long from, int length) throws IOException {
        return Channels.newInputStream(file.position(from)).readNBytes(length);
    }

    private static String seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString();
    }
}
