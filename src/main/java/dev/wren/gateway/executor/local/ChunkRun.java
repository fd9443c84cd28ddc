package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Chunk;
import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One chunk on one worker: sends it, takes the reports, and sees to it that a call that is too slow, cancelled or deadly
 * harms no other. {@link #run()} is called by one thread; a timer and whoever cancels look in from aside.
 */
final class ChunkRun {

    private static final Logger log = LoggerFactory.getLogger(ChunkRun.class);
    /** Of a message of reports: a worker sends them sooner; large values and logs are streamed. */
    private static final int REPORT_FRAME_LIMIT = 1 << 24;
    private static final Duration SHORTEST_WATCH = Duration.ofMillis(1);

    private final Chunk chunk;
    private final WorkerProcess worker;
    private final LocalSettings settings;
    private final Clock clock;
    private final ScheduledExecutorService timer;
    private final Duration maxRuntime;
    /** Longer than this no worker is silent that does its work. */
    private final Duration maxSilence;
    /** {@link System#nanoTime} when the last message came, or the chunk was begun to be sent. */
    private volatile long heardAt = System.nanoTime();
    /** Guards what follows. */
    private final Object watching = new Object();
    private int outstanding;
    private boolean recalled;
    private boolean over;
    private @Nullable Kill kill;
    private @Nullable ScheduledFuture<?> watch;

    /** What becomes of the worker. */
    enum End {
        REUSABLE, USED_UP
    }

    /** Why the worker was killed, and in which call. */
    private record Kill(Reason reason, int call) {
    }

    private enum Reason {
        TOO_SLOW, SILENT, CANCELLED, STOPPING
    }

    ChunkRun(Chunk chunk, WorkerProcess worker, LocalSettings settings, Clock clock, ScheduledExecutorService timer) {
        this.chunk = chunk;
        this.worker = worker;
        this.settings = settings;
        this.clock = clock;
        this.timer = timer;
        this.maxRuntime = chunk.callset().settings().jobMaxRuntime();
        this.maxSilence = settings.setupTimeout().plus(maxRuntime).plus(settings.grace());
        this.outstanding = chunk.size();
    }

    /** Runs the chunk to its end; all its calls are accounted for then, but for {@link Chunk#close()}. */
    End run() throws InterruptedException {
        boolean retiring = false;
        try {
            // First of all: a worker that stands still does not even read what it is sent.
            schedule(min(maxRuntime, settings.recallAfter()));
            send();
            chunk.attach(() -> worker.progress().read().call(), this::output, this::stopDecided);
            DataInputStream in = worker.in();
            while (isOutstanding()) {
                int length = in.readInt() - 1;
                Frame kind = Frame.of(in.readByte());
                heardAt = System.nanoTime();
                switch (kind) {
                    case REPORTS -> reports(in.readNBytes(checked(length)));
                    case LARGE_REPORT -> largeReport(in, length);
                    case RETURNED -> returned(new WireReader(in.readNBytes(checked(length))));
                    case RETIRING -> {
                        retiring = true;
                        log.debug("{} retires: {}", worker.id(),
                                new WireReader(in.readNBytes(checked(length))).getString());
                    }
                    case HELLO, WELCOME, INVOKE, RECALL -> throw new WireException(kind + " from a worker");
                }
            }
            return end(retiring);
        } catch (WireException e) {
            log.error("{} broke the protocol and is replaced: {}", worker.id(), e.getMessage());
            worker.kill();
            died();
            return End.USED_UP;
        } catch (IOException e) {
            died();
            return End.USED_UP;
        } finally {
            synchronized (watching) {
                over = true;
                if (watch != null) {
                    watch.cancel(false);
                }
            }
            chunk.attach(() -> Progress.IDLE, Optional::empty, () -> {
            });
        }
    }

    /** Whoever has noted a kill is about to end the JVM, if it has not yet: nobody else may use it. */
    private End end(boolean retiring) {
        synchronized (watching) {
            over = true;
            return retiring || kill != null ? End.USED_UP : End.REUSABLE;
        }
    }

    /** The gateway stops: what has not begun is given back, and what runs is ended. */
    void abort() {
        kill(Reason.STOPPING, Progress.IDLE);
    }

    private void send() throws IOException {
        WireWriter out = new WireWriter(4096);
        int start = Frame.INVOKE.begin(out);
        chunk.invocation(Protocol.VERSION, worker.jarPath().toString()).write(out);
        out.putInt(chunk.size());
        for (int i = 0; i < chunk.size(); i++) {
            out.putInt(chunk.call(i));
            out.putInt(chunk.attempt(i));
            out.putBytes(chunk.datum(i));
        }
        Frame.end(out, start);
        worker.send(out);
    }

    private void reports(byte[] body) {
        WireReader in = new WireReader(body);
        while (in.remaining() > 0) {
            chunk.report(Report.read(in));
            accounted(1);
        }
    }

    private void largeReport(DataInputStream in, int length) throws IOException {
        int reportLength = checked(in.readInt());
        Report report = Report.read(new WireReader(in.readNBytes(reportLength)));
        Report.Status status = report.status();
        long logSize = status == null ? 0 : status.output().logSize();
        long valueSize = report.outcome() instanceof Outcome.Success(Value.Stored(long size)) ? size : 0;
        if (length != 4 + reportLength + logSize + valueSize) {
            throw new WireException("a large report whose parts do not add up");
        }
        if (logSize > 0) {
            part(in, logSize, log -> chunk.storeLog(report, log));
        }
        if (valueSize > 0) {
            part(in, valueSize, value -> chunk.storeValue(report, value));
        }
        chunk.report(report);
        accounted(1);
    }

    /** Hands on exactly {@code size} bytes, whether they are wanted or not. */
    private static void part(DataInputStream in, long size, java.util.function.Consumer<InputStream> to)
            throws IOException {
        BoundedPart bounded = new BoundedPart(in, size);
        try {
            to.accept(bounded);
        } finally {
            bounded.drain();
        }
    }

    private void returned(WireReader in) {
        for (int count = in.getInt(); count > 0; count--) {
            chunk.giveBack(in.getInt());
            accounted(1);
        }
        // What is open now has begun, or is about to: no progress that was read before can be relied on.
        int cancelled = firstDecided();
        if (cancelled >= 0) {
            kill(Reason.CANCELLED, cancelled);
        }
    }

    /** A call that is not accounted for although somebody has cancelled it, or a negative number. */
    private int firstDecided() {
        var callset = chunk.callset();
        callset.driven().lock().lock();
        try {
            return java.util.Arrays.stream(chunk.open()).filter(callset.driven().table()::isDecided).findFirst()
                    .orElse(-1);
        } finally {
            callset.driven().lock().unlock();
        }
    }

    private static int checked(int length) {
        if (length < 0 || length > REPORT_FRAME_LIMIT) {
            throw new WireException("a message of " + length + " bytes");
        }
        return length;
    }

    private boolean isOutstanding() {
        synchronized (watching) {
            return outstanding > 0;
        }
    }

    private void accounted(int calls) {
        synchronized (watching) {
            outstanding -= calls;
        }
    }

    /** Whatever goes wrong, the worker is looked at again. */
    private void lookSafely() {
        try {
            look();
        } catch (RuntimeException e) {
            log.error("callset {}: {} could not be looked at", chunk.callset().id(), worker.id(), e);
            schedule(settings.recallAfter());
        }
    }

    /** Looks at the call that runs: too slow, it is killed; slow, those behind it are asked back. */
    private void look() {
        Progress.Point at = worker.progress().read();
        Duration silent = Duration.ofNanos(System.nanoTime() - heardAt);
        if (silent.compareTo(maxSilence) >= 0) {
            kill(Reason.SILENT, at.call());
            return;
        }
        Duration running = Duration.ofMillis(Math.max(0, clock.millis() - at.sinceMillis()));
        boolean recall = false;
        Duration next = settings.recallAfter();
        if (at.call() >= 0) {
            if (running.compareTo(maxRuntime) >= 0) {
                kill(Reason.TOO_SLOW, at.call());
                return;
            }
            next = min(maxRuntime.minus(running), maxSilence.minus(silent));
            synchronized (watching) {
                if (!recalled && outstanding > 1) {
                    recalled = running.compareTo(settings.recallAfter()) >= 0;
                    recall = recalled;
                    next = recalled ? next : min(next, settings.recallAfter().minus(running));
                }
            }
        } else if (at.call() == Progress.SETUP) {
            if (running.compareTo(settings.setupTimeout()) >= 0) {
                kill(Reason.TOO_SLOW, at.call());
                return;
            }
        }
        if (recall) {
            // Aside: a worker that does not read must not hold up those who watch the others.
            Thread.ofVirtual().name(worker.id() + "-recall").start(worker::recall);
        }
        schedule(next);
    }

    private void schedule(Duration delay) {
        synchronized (watching) {
            if (!over) {
                long nanos = Math.max(delay.toNanos(), SHORTEST_WATCH.toNanos());
                watch = timer.schedule(this::lookSafely, nanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** Stops calls of this chunk that somebody has cancelled. */
    private void stopDecided() {
        var callset = chunk.callset();
        int current = worker.progress().read().call();
        boolean killIt = false;
        boolean recallIt = false;
        callset.driven().lock().lock();
        try {
            for (int call : chunk.open()) {
                if (callset.driven().table().isDecided(call)) {
                    killIt |= call == current;
                    recallIt |= call != current;
                }
            }
        } finally {
            callset.driven().lock().unlock();
        }
        if (killIt) {
            kill(Reason.CANCELLED, current);
        } else if (recallIt) {
            synchronized (watching) {
                if (recalled || over) {
                    return;
                }
                recalled = true;
            }
            worker.recall();
        }
    }

    private void kill(Reason reason, int call) {
        synchronized (watching) {
            if (over || kill != null) {
                return;
            }
            kill = new Kill(reason, call);
        }
        worker.kill();
    }

    /** The worker is dead: one call may be to blame, the others go elsewhere. */
    private void died() throws InterruptedException {
        int exitCode = worker.exitCode();
        Progress.Point at = worker.progress().read();
        Kill why;
        synchronized (watching) {
            why = kill;
        }
        int[] open = chunk.open();
        if (open.length == 0) {
            return;
        }
        int culprit = at.call() == Progress.SETUP ? open[0] : at.call();
        boolean blamed = chunk.isOpen(culprit) && (why == null || (isTooSlow(why) && why.call == at.call()));
        if (blamed) {
            chunk.report(deathReport(culprit, at, why, exitCode));
        } else if (why == null) {
            chunk.lose(open[0], "the worker ended between two calls, with exit code " + exitCode);
        } else if (why.reason == Reason.SILENT) {
            chunk.lose(open[0], "nothing was heard of the worker for " + seconds(maxSilence) + " s");
        }
        for (int call : chunk.open()) {
            chunk.giveBack(call);
        }
    }

    private static boolean isTooSlow(Kill why) {
        return switch (why.reason) {
            case TOO_SLOW, SILENT -> true;
            case CANCELLED, STOPPING -> false;
        };
    }

    private Report deathReport(int call, Progress.Point at, @Nullable Kill why, int exitCode) {
        Duration ran = Duration.ofMillis(Math.max(0, clock.millis() - at.sinceMillis()));
        boolean setup = at.call() == Progress.SETUP;
        CallError error = why == null
                ? CallError.of(ErrorCode.RETCODE, "The process ended in this call, with exit code " + exitCode + ".")
                : CallError.of(ErrorCode.OUTATIME, setup
                        ? "Preparing the function took more than " + settings.setupTimeout().toSeconds() + " s."
                        : "The attempt ran longer than jobMaxRuntime, " + seconds(maxRuntime) + " s.");
        byte[] written = written();
        byte[] excerpt = excerpt(written, (int) settings.excerptLimit().toBytes());
        boolean whole = written.length <= settings.excerptLimit().toBytes();
        Report.Status status = new Report.Status(at.sinceMillis() * 1000, ran.toNanos(), 0, false, worker.id(),
                new Output(excerpt, whole ? 0 : written.length), why == null ? (Integer) exitCode : null);
        Report report = new Report(call, chunk.attemptOf(call), new Outcome.Failure(error), status);
        if (!whole) {
            chunk.storeLog(report, new ByteArrayInputStream(written));
        }
        return report;
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

    private Optional<InputStream> output() {
        try {
            return Optional.of(Files.newInputStream(worker.output()));
        } catch (IOException e) {
            log.debug("{}: its output cannot be read", worker.id(), e);
            return Optional.empty();
        }
    }

    private static String seconds(Duration duration) {
        return java.math.BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString();
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
