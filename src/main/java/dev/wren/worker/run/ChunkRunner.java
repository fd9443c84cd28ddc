package dev.wren.worker.run;

import dev.wren.protocol.CallError;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.worker.binding.CallInfo;
import dev.wren.worker.function.FunctionCall;
import dev.wren.worker.function.Functions;
import dev.wren.worker.function.LoadedFunction;
import dev.wren.worker.function.SetupException;
import dev.wren.worker.output.CallOutput;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs chunks: call by call, each reported, and the process kept clean between them. Once it finds that the process
 * cannot be kept clean it gives back what is left, says so, and runs no more. For the thread that runs the calls.
 */
public final class ChunkRunner {

    /** Threads are looked for after calls that took long enough to have started one without the look being felt. */
    private static final long LONG_CALL = TimeUnit.MICROSECONDS.toNanos(100);
    private static final int SHORT_CALLS = 64;
    private static final byte[] NOTHING = new byte[0];

    private final WorkerSettings settings;
    private final WorkerClock clock;
    private final Progress progress;
    private final CallOutput output;
    private final Functions functions;
    private final FunctionCall call;
    private final ProcessState state;
    private final LeftThreads threads;
    private final WorkingFolder folder;
    private @Nullable String callset;
    private boolean retired;

    /**
     * A runner for the thread that makes it.
     *
     * @param progress where it says what it is at
     * @param output what calls write
     * @param folder the process's own folder
     */
    public ChunkRunner(WorkerSettings settings, WorkerClock clock, Progress progress, CallOutput output,
            Functions functions, WorkingFolder folder) {
        this.settings = settings;
        this.clock = clock;
        this.progress = progress;
        this.output = output;
        this.functions = functions;
        this.folder = folder;
        call = new FunctionCall(settings.resultLimit(), clock.durations());
        state = new ProcessState();
        threads = new LeftThreads();
    }

    /** A function, or why there is none, and what it took. */
    private record Setup(@Nullable LoadedFunction function, @Nullable CallError error, long nanos, boolean cached,
            boolean broken) {
    }

    /**
     * Runs the calls of {@code chunk} until it has no more.
     *
     * @throws IOException when the gateway cannot be reached
     */
    public void run(Chunk chunk, ReportSink reports) throws IOException {
        clock.anchor();
        String reason = retired ? "" : runCalls(chunk, reports);
        reports.flush();
        if (reason == null) {
            reason = leftThread();
        }
        if (reason != null) {
            int[] rest = chunk.takeBack();
            if (rest.length > 0) {
                reports.returned(rest);
            }
            if (!retired) {
                retired = true;
                reports.retiring(reason);
            }
        }
    }

    /** Returns why the process has to be replaced, or null. */
    private @Nullable String runCalls(Chunk chunk, ReportSink reports) throws IOException {
        Invocation invocation = chunk.invocation();
        if (invocation.protocolVersion() != Protocol.VERSION) {
            refuseAll(chunk, reports);
            return null;
        }
        String reason = enterCallset(invocation.callsetId());
        if (reason == null) {
            reason = functions.refuses(invocation);
        }
        if (reason != null) {
            return reason;
        }
        Setup setup = setUp(invocation, chunk.preparedNanos());
        int unchecked = 0;
        for (int position = chunk.begin(); position >= 0; position = chunk.begin()) {
            reports.sendSoon();
            long begun = clock.nanos();
            progress.enter(chunk.call(position), clock.micros(begun) / 1000);
            LoadedFunction function = setup.function;
            CallError error = function == null ? setup.error : apply(chunk, position, function, begun);
            progress.leave();
            report(chunk, position, error, setup, begun, reports);
            if (call.isBroken() || setup.broken) {
                return "the Java machine ran out of memory or into an internal error";
            }
            setup = new Setup(setup.function, setup.error, 0, setup.function != null, false);
            if (++unchecked == SHORT_CALLS || call.ended() - call.started() > LONG_CALL) {
                unchecked = 0;
                reason = leftThread();
                if (reason != null) {
                    return reason;
                }
            }
        }
        return null;
    }

    /** Cleans up after the callset before, if this is another one. */
    private @Nullable String enterCallset(String callsetId) {
        String reason = null;
        if (callset != null && !callset.equals(callsetId)) {
            reason = state.restore();
            if (reason == null) {
                reason = folder.empty();
            }
            output.install();
            output.take();
        }
        callset = callsetId;
        return reason;
    }

    private Setup setUp(Invocation invocation, long preparedNanos) {
        LoadedFunction ready = functions.ready(invocation);
        if (ready != null) {
            return new Setup(ready, null, 0, true, false);
        }
        long begun = clock.nanos();
        progress.enter(Progress.SETUP, clock.micros(begun) / 1000);
        try {
            LoadedFunction function = functions.load(invocation);
            return new Setup(function, null, preparedNanos + clock.nanos() - begun, false, false);
        } catch (SetupException e) {
            return new Setup(null, e.error(), preparedNanos + clock.nanos() - begun, false,
                    FunctionCall.breaks(e));
        } finally {
            Thread.interrupted();
            progress.leave();
        }
    }

    private @Nullable CallError apply(Chunk chunk, int position, LoadedFunction function, long begun) {
        Invocation invocation = chunk.invocation();
        CallInfo info = new CallInfo(invocation.callsetId(),
                CallIds.format(chunk.call(position), invocation.size()), invocation.handler(),
                invocation.extraMeta(), settings.workerId(),
                clock.micros(begun) / 1000 + invocation.maxRuntimeMillis());
        return call.run(function, info, chunk.data(position), chunk.offset(position), chunk.length(position));
    }

    private void report(Chunk chunk, int position, @Nullable CallError error, Setup setup, long begun,
            ReportSink reports) throws IOException {
        Output written = output.take();
        boolean ran = setup.function != null;
        Report.Status status = new Report.Status(clock.micros(ran ? call.started() : begun),
                ran ? call.ended() - call.started() : 0, setup.nanos, setup.cached, settings.workerId(), written, null);
        int valueSize = error == null ? call.value().size() : 0;
        boolean stored = valueSize > settings.inlineLimit();
        Outcome outcome = error != null
                ? new Outcome.Failure(error)
                : new Outcome.Success(
                        stored ? new Value.Stored(valueSize) : new Value.Inline(call.value().toByteArray()));
        Report report = new Report(chunk.call(position), chunk.attempt(position), chunk.invocation().send(), outcome,
                status);
        if (stored || written.logSize() > 0) {
            reports.addLarge(report, output.log(), (int) written.logSize(), stored ? call.value().array() : NOTHING,
                    stored ? valueSize : 0);
        } else {
            reports.add(report, clock.nanos());
        }
    }

    private void refuseAll(Chunk chunk, ReportSink reports) throws IOException {
        CallError error = CallError.of(ErrorCode.WRONGVERSION, "the gateway speaks version "
                + chunk.invocation().protocolVersion() + ", this worker version " + Protocol.VERSION);
        for (int position = chunk.begin(); position >= 0; position = chunk.begin()) {
            long now = clock.nanos();
            Report.Status status = new Report.Status(clock.micros(now), 0, 0, false, settings.workerId(), Output.NONE,
                    null);
            reports.add(new Report(chunk.call(position), chunk.attempt(position), chunk.invocation().send(),
                    new Outcome.Failure(error), status),
                    now);
        }
    }

    private @Nullable String leftThread() {
        Thread left = threads.find();
        return left == null ? null : "a function has left the thread " + left.getName() + " running";
    }
}
