package dev.wren.worker.lambda;

import dev.wren.protocol.Output;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Report;
import dev.wren.protocol.TimeInCall;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.function.Functions;
import dev.wren.worker.output.CallOutput;
import dev.wren.worker.remote.RemoteReportBuffer;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.ChunkRunner;
import dev.wren.worker.run.WorkerClock;
import dev.wren.worker.run.WorkingFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls in this process, in one thread that stays; whoever calls watches the time. Functions stay ready from one
 * chunk to the next. Used by one thread at a time.
 */
final class InProcess {

    /** Exit code of a worker that has found itself to be broken. */
    private static final int BROKEN = 70;
    /** Between two looks at a process that is between two calls. */
    private static final long LOOK_MILLIS = 20;

    private final Path folder;
    private final String name;
    private final WorkerClock clock;
    private final Progress progress;
    private final WorkingFolder work;
    private final ExecutorService caller = Executors
            .newSingleThreadExecutor(Thread.ofPlatform().daemon().name("wren-caller").factory());
    private RemoteInvocation.@Nullable Limits limits;
    private @Nullable CallOutput output;
    private @Nullable Functions functions;
    private @Nullable ChunkRunner runner;
    private volatile @Nullable RemoteReportBuffer reporting;

    /**
     * @param folder for the files of this
     * @param name the worker's name
     */
    InProcess(Path folder, String name, WorkerClock clock) {
        this.folder = folder;
        this.name = name;
        this.clock = clock;
        this.progress = Progress.open(folder.resolve("progress"));
        try {
            this.work = new WorkingFolder(Path.of("").toAbsolutePath(),
                    Path.of(System.getProperty("java.io.tmpdir")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::lastReports, "wren-last-reports"));
    }

    /** A function has ended the process: what was reported before is not lost, and what was not begun is given back. */
    private void lastReports() {
        RemoteReportBuffer reports = reporting;
        if (reports != null) {
            try {
                reports.giveBackRest("the process ended in an earlier call");
                reports.finish();
            } catch (IOException e) {
                System.err.println("wren: the last reports could not be sent: " + e.getMessage());
            }
        }
    }

    /** Whether the function is ready, and its jar is not needed. */
    boolean isReady(RemoteInvocation invocation) {
        Functions now = functions;
        return now != null && invocation.limits().equals(limits) && now.ready(invocation.invocation()) != null;
    }

    /**
     * Runs a chunk until no call is left to begin, or one takes too long.
     *
     * @return whether the process may go on; a call may still be running if not
     * @throws IOException if reports could not be sent
     */
    boolean run(RemoteInvocation invocation, Chunk chunk, RemoteReportBuffer reports) throws IOException {
        reporting = reports;
        Future<?> run = caller.submit(() -> {
            runner(invocation.limits()).run(chunk, reports);
            return null;
        });
        try {
            return await(run, invocation, chunk, reports);
        } finally {
            reporting = null;
        }
    }

    private boolean await(Future<?> run, RemoteInvocation invocation, Chunk chunk, RemoteReportBuffer reports)
            throws IOException {
        long maxMillis = invocation.invocation().maxRuntimeMillis();
        TimeInCall time = new TimeInCall(clock.clock(), clock.durations());
        while (true) {
            Progress.Point at = progress.read();
            boolean setup = at.call() == Progress.SETUP;
            long limit = setup ? invocation.limits().setupMillis() : maxMillis;
            try {
                // A call that has begun since then is due later than that.
                run.get(at.call() == Progress.IDLE ? LOOK_MILLIS : 1 + Math.min(maxMillis, untilDue(time, at, limit)),
                        TimeUnit.MILLISECONDS);
                return reports.retiring() == null;
            } catch (TimeoutException _) {
                Progress.Point now = progress.read();
                if (now.equals(at) && at.call() != Progress.IDLE && untilDue(time, at, limit) == 0) {
                    outOfTime(setup ? chunk.call(Math.min(chunk.begun(), chunk.size() - 1)) : at.call(), setup, at,
                            time.at(at), invocation, reports);
                    return false;
                }
            } catch (ExecutionException e) {
                throw failed(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    /** What functions throw is reported: this is of the worker itself. */
    private static IOException failed(@Nullable Throwable cause) {
        if (cause instanceof VirtualMachineError) {
            // Of this Java machine nothing more is to be expected; Lambda tells of its end.
            cause.printStackTrace();
            Runtime.getRuntime().halt(BROKEN);
        }
        return cause instanceof IOException io ? io : new IOException("the worker has failed: " + cause, cause);
    }

    private static long untilDue(TimeInCall time, Progress.Point at, long maxMillis) {
        return Math.max(0, maxMillis - time.at(at).toMillis());
    }

    private void outOfTime(int call, boolean setup, Progress.Point at, Duration ran, RemoteInvocation invocation,
            RemoteReportBuffer reports) throws IOException {
        CallOutput ofCall = output;
        Output written = ofCall == null ? Output.NONE : ofCall.take();
        long millis = setup ? invocation.limits().setupMillis() : invocation.invocation().maxRuntimeMillis();
        reports.outOfTime(call, setup
                ? "Preparing the function took more than " + millis / 1000 + " s."
                : "The attempt ran longer than jobMaxRuntime, "
                        + BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString() + " s.",
                new Report.Status(at.sinceMillis() * 1000,
                        ran.toNanos(), 0, false,
                        name, written, null),
                ofCall == null ? new byte[0] : ofCall.log());
    }

    /** For the thread that runs the calls, since it belongs to it. */
    private ChunkRunner runner(RemoteInvocation.Limits wanted) throws IOException {
        ChunkRunner now = runner;
        if (now != null && wanted.equals(limits)) {
            return now;
        }
        if (functions != null && output != null) {
            // Another gateway's, or another setting.
            functions.close();
            output.close();
        }
        CallOutput made = new CallOutput(folder.resolve("output"), wanted.excerpt(), wanted.log());
        Functions ready = new Functions(wanted.nesting(), wanted.settings(name).resultLimit(), clock.clock());
        made.install();
        now = new ChunkRunner(wanted.settings(name), clock, progress, made, ready, work);
        output = made;
        functions = ready;
        limits = wanted;
        runner = now;
        return now;
    }
}
