package dev.wren.worker;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.worker.function.Functions;
import dev.wren.worker.output.CallOutput;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.ChunkRunner;
import dev.wren.worker.run.WorkerClock;
import dev.wren.worker.run.WorkingFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A worker of a gateway on the same machine. One thread reads what the gateway says, so that it can take calls back, or
 * go away, while a function runs; the thread that starts it runs the calls.
 */
final class LocalWorker {

    private static final long LAST_FLUSH_MILLIS = 500;
    private static final int[] NO_CALLS = {};

    private final Connection connection;
    private final ReportBuffer reports;
    private final WorkerClock clock;
    private final Progress progress;
    private final Runnable whenGone;
    private final Thread caller = Thread.currentThread();
    private final AtomicReference<@Nullable Chunk> inbox = new AtomicReference<>();
    private volatile boolean gone;

    /**
     * @param whenGone what to do when the gateway has gone; called by the reading thread
     */
    LocalWorker(Connection connection, WorkerClock clock, Path progress, Runnable whenGone) {
        this.connection = connection;
        this.clock = clock;
        this.progress = Progress.open(progress);
        this.whenGone = whenGone;
        reports = new ReportBuffer(connection, clock.durations());
    }

    /**
     * Presents itself, and runs calls until the gateway has gone.
     *
     * @param outputFile where descriptors 1 and 2 of this process go
     * @param folder the process's own folder
     */
    void run(Path outputFile, WorkingFolder folder) throws IOException {
        reports.hello(new Frame.Hello(Protocol.VERSION, ProcessHandle.current().pid(),
                Runtime.version().toString()));
        Connection.Message welcome = connection.read();
        if (welcome == null) {
            whenGone.run();
            return;
        }
        if (welcome.kind() != Frame.WELCOME) {
            throw new WireException("the gateway's first message is " + welcome.kind());
        }
        WorkerSettings settings = WorkerSettings.read(new WireReader(welcome.body()));
        try (CallOutput output = new CallOutput(outputFile, settings.excerptLimit(), settings.logLimit());
                Functions functions = new Functions(settings.nestingLimit(), settings.resultLimit(), clock.clock())) {
            output.install();
            Runtime.getRuntime().addShutdownHook(new Thread(this::lastFlush, "wren-last-flush"));
            reports.start();
            Thread reader = new Thread(null, this::listen, "wren-reader", 256 << 10, false);
            reader.setDaemon(true);
            reader.start();
            ChunkRunner runner = new ChunkRunner(settings, clock, progress, output, functions, folder);
            if (inbox.get() == null) {
                functions.warmUp();
            }
            for (Chunk chunk = next(); chunk != null; chunk = next()) {
                runner.run(chunk, reports);
            }
        }
    }

    private @Nullable Chunk next() {
        while (!gone) {
            Chunk chunk = inbox.getAndSet(null);
            if (chunk != null) {
                return chunk;
            }
            LockSupport.park(this);
            // What a function's thread does to this one must not keep it from waiting.
            Thread.interrupted();
        }
        return null;
    }

    private void listen() {
        Chunk current = null;
        try {
            for (Connection.Message message = connection.read(); message != null; message = connection.read()) {
                switch (message.kind()) {
                    case INVOKE -> {
                        current = Chunk.read(message.body());
                        Chunk untouched = inbox.getAndSet(current);
                        if (untouched != null && untouched.takeBack().length > 0) {
                            throw new WireException("a second chunk before the first has ended");
                        }
                        LockSupport.unpark(caller);
                    }
                    case RECALL -> reports.returned(current == null ? NO_CALLS : current.takeBack());
                    case HELLO, WELCOME, REPORTS, LARGE_REPORT, RETURNED, RETIRING ->
                        throw new WireException("the gateway said " + message.kind());
                }
            }
        } catch (IOException e) {
            // A connection that breaks has ended, too.
        } catch (Throwable t) {
            WorkerMain.die(t);
        }
        gone = true;
        LockSupport.unpark(caller);
        whenGone.run();
    }

    private void lastFlush() {
        connection.beImpatient(LAST_FLUSH_MILLIS);
        try {
            reports.flushWithin(LAST_FLUSH_MILLIS);
        } catch (IOException | InterruptedException e) {
            // The process ends: calls whose reports are lost are sent again.
        }
    }
}
