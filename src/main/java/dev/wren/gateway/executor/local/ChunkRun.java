package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.ChunkContents;
import dev.wren.gateway.record.Data;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One chunk on one worker: sends it, and takes the reports. {@link #run()} is called by one thread; whoever cancels, and
 * whoever watches the time, come in between.
 */
final class ChunkRun implements Chunk.Handler {

    private static final Logger log = LoggerFactory.getLogger(ChunkRun.class);
    /** Bytes of a large datum that are read and sent at once. */
    private static final int PART = 4 << 20;
    /** Of a message of reports: a worker sends them sooner; large values and logs are streamed. */
    private static final int REPORT_FRAME_LIMIT = 1 << 24;

    private final Chunk chunk;
    private final WorkerProcess worker;
    private final LocalSettings settings;
    private final Watch watch;
    private final Duration silence;
    /** Whether the worker has all: what it is told before that is about an earlier chunk. */
    private volatile boolean sent;
    /** Whether calls were to be stopped before that. */
    private volatile boolean stopAsked;

    /** What becomes of the worker. */
    enum End {
        REUSABLE,
        USED_UP
    }

    ChunkRun(Chunk chunk, WorkerProcess worker, LocalSettings settings, Clock clock, ScheduledExecutorService timer) {
        this.chunk = chunk;
        this.worker = worker;
        this.settings = settings;
        this.watch = new Watch(chunk, worker, settings, clock, timer);
        this.silence = settings.silence(chunk.job().settings().jobMaxRuntime());
    }

    /** Runs the chunk to its end; all its calls are accounted for then, but for {@link Chunk#close()}. */
    End run() throws InterruptedException {
        boolean retiring = false;
        try (watch) {
            // First of all: a worker that is stopped does not even read what it is sent.
            chunk.heard(silence);
            watch.start();
            chunk.attach(this);
            send();
            sent = true;
            if (stopAsked) {
                watch.stopDecided();
            }
            DataInputStream in = worker.in();
            while (watch.isOutstanding()) {
                int length = in.readInt() - 1;
                Frame kind = Frame.of(in.readByte());
                chunk.heard(silence);
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
            // Whoever has noted a kill is about to end the JVM, if it has not yet: nobody else may use it.
            return watch.end() != null || retiring ? End.USED_UP : End.REUSABLE;
        } catch (WireException e) {
            log.error("{} broke the protocol and is replaced: {}", worker.id(), e.getMessage());
            worker.kill();
            died(null);
            return End.USED_UP;
        } catch (IOException e) {
            died(e);
            return End.USED_UP;
        } finally {
            chunk.attach(Chunk.Handler.NONE);
        }
    }

    private void died(@Nullable IOException e) throws InterruptedException {
        log.debug("{} has ended", worker.id(), e);
        new PostMortem(chunk, worker, settings, watch).account();
    }

    /** The gateway stops: what has not begun is given back, and what runs is ended. */
    void abort() {
        watch.kill(Watch.Reason.STOPPING, Progress.IDLE);
    }

    @Override
    public int currentCall() {
        return sent ? worker.progress().read().call() : Progress.IDLE;
    }

    @Override
    public Optional<InputStream> output() {
        try {
            return Optional.of(Files.newInputStream(worker.output()));
        } catch (IOException e) {
            log.debug("{}: its output cannot be read", worker.id(), e);
            return Optional.empty();
        }
    }

    @Override
    public void stopDecided() {
        stopAsked = true;
        if (sent) {
            watch.stopDecided();
        }
    }

    @Override
    public boolean overdue() {
        watch.kill(Watch.Reason.SILENT, currentCall());
        return true;
    }

    private void send() throws IOException {
        WireWriter out = new WireWriter(4096);
        int start = Frame.INVOKE.begin(out);
        chunk.invocation(Protocol.VERSION, worker.jarPaths()).write(out);
        switch (chunk.contents()) {
            case ChunkContents.InHand(List<byte[]> data) -> {
                out.putInt(data.size());
                for (int i = 0; i < data.size(); i++) {
                    out.putInt(chunk.call(i));
                    out.putInt(chunk.attempt(i));
                    out.putBytes(data.get(i));
                }
                Frame.end(out, start);
                worker.send(out);
            }
            case ChunkContents.Elsewhere(List<Data.Place> places) -> send(out, start, places.getFirst());
        }
        chunk.sent();
    }

    /** A large datum, which comes alone: it is never in memory whole. */
    private void send(WireWriter out, int start, Data.Place place) throws IOException {
        out.putInt(1);
        out.putInt(chunk.call(0));
        out.putInt(chunk.attempt(0));
        out.putInt(place.length());
        Frame.end(out, start, place.length());
        worker.send(out, channel -> {
            for (int from = 0; from < place.length(); from += PART) {
                ByteBuffer part = ByteBuffer.wrap(chunk.part(place, from, Math.min(PART, place.length() - from)));
                chunk.heard(silence);
                while (part.hasRemaining()) {
                    channel.write(part);
                }
            }
        });
    }

    private void reports(byte[] body) {
        WireReader in = new WireReader(body);
        while (in.remaining() > 0) {
            chunk.report(Report.read(in));
            watch.accounted(1);
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
        watch.accounted(1);
    }

    /** Hands on exactly {@code size} bytes, whether they are wanted or not. */
    private static void part(DataInputStream in, long size, Consumer<InputStream> to) throws IOException {
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
            watch.accounted(1);
        }
        // What is open now has begun, or is about to: no progress that was read before can be relied on.
        int[] decided = chunk.decided();
        if (decided.length > 0) {
            watch.kill(Watch.Reason.CANCELLED, decided[0]);
        }
    }

    private static int checked(int length) {
        if (length < 0 || length > REPORT_FRAME_LIMIT) {
            throw new WireException("a message of " + length + " bytes");
        }
        return length;
    }
}
