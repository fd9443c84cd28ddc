package dev.wren.worker.remote;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.protocol.remote.RemoteReports;
import dev.wren.protocol.remote.RemoteReports.Entry;
import dev.wren.worker.run.Chunk;
import dev.wren.worker.run.ReportSink;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects the reports of one invocation. Small ones leave when there is a message full of them, when a call begins a
 * second after the last message, and at the end; large values and logs go to one file, which is put to the store before
 * they are reported, at the end. Safe for use by several threads.
 */
public final class RemoteReportBuffer implements ReportSink, AutoCloseable {

    private static final long SOON = TimeUnit.SECONDS.toNanos(1);
    /** Room in a message for what is said once. */
    private static final int HEAD = 512;

    private final RemoteInvocation invocation;
    private final Chunk chunk;
    private final String worker;
    private final ReportQueue queue;
    private final Links links;
    private final Path file;
    private final long overflowLimit;
    private final LongSupplier nanos;
    private final Map<Integer, RemoteCall> calls = new HashMap<>();
    /** What can be sent. */
    private final List<Entry> ready = new ArrayList<>();
    private int readySize;
    /** What waits until the overflow is put. */
    private final List<Entry> waiting = new ArrayList<>();
    private @Nullable OutputStream overflow;
    private long overflowSize;
    private long sentAt;
    private @Nullable String retiring;

    /**
     * Reports of an invocation.
     *
     * @param worker the worker's name
     * @param file for the overflow; made when it is needed, and deleted
     * @param overflowLimit bytes of overflow after which no further call is begun
     * @param nanos a clock for durations
     */
    public RemoteReportBuffer(RemoteInvocation invocation, Chunk chunk, String worker, ReportQueue queue, Links links,
            Path file, long overflowLimit, LongSupplier nanos) {
        this.invocation = invocation;
        this.chunk = chunk;
        this.worker = worker;
        this.queue = queue;
        this.links = links;
        this.file = file;
        this.overflowLimit = overflowLimit;
        this.nanos = nanos;
        this.sentAt = nanos.getAsLong();
        invocation.calls().forEach(call -> calls.put(call.call(), call));
    }

    @Override
    public synchronized void add(Report report, long now) throws IOException {
        add(new Entry.Ended(report, token(report.call())));
    }

    private void add(Entry entry) throws IOException {
        int size = RemoteReports.size(entry);
        if (!invocation.answers() && readySize + size + HEAD > ReportQueue.LIMIT) {
            send();
        }
        ready.add(entry);
        readySize += size;
    }

    @Override
    public synchronized void addLarge(Report report, byte[] log, int logSize, byte[] value, int valueSize)
            throws IOException {
        Report.Status status = report.status();
        Output output = status == null ? Output.NONE : status.output();
        if (logSize > 0) {
            output = new Output(output.excerpt(), logSize, append(log, logSize));
        }
        Outcome outcome = valueSize > 0
                ? new Outcome.Success(new Value.Part(append(value, valueSize), valueSize))
                : report.outcome();
        Report.Status told = status == null
                ? null
                : new Report.Status(status.startMicros(), status.execNanos(), status.setupNanos(),
                        status.runtimeCached(), status.workerId(), output, status.exitCode());
        waiting.add(new Entry.Ended(new Report(report.call(), report.attempt(), report.send(), outcome, told),
                token(report.call())));
        if (overflowSize > overflowLimit) {
            giveBackRest("there is no more room for large values");
        }
    }

    private long append(byte[] bytes, int size) throws IOException {
        OutputStream out = overflow;
        if (out == null) {
            out = Files.newOutputStream(file);
            overflow = out;
        }
        out.write(bytes, 0, size);
        long at = overflowSize;
        overflowSize += size;
        return at;
    }

    @Override
    public synchronized void sendSoon() throws IOException {
        if (!ready.isEmpty() && !invocation.answers() && nanos.getAsLong() - sentAt > SOON) {
            send();
        }
    }

    @Override
    public synchronized void returned(int[] back) throws IOException {
        for (int call : back) {
            add(returned(call, "not begun", false));
        }
    }

    private Entry returned(int call, String why, boolean trouble) {
        RemoteCall of = calls.get(call);
        return new Entry.Returned(call, of == null ? 1 : of.attempt(), token(call), why, trouble);
    }

    /** Gives back a call that has begun, since its end is not waited for. */
    public synchronized void giveBack(int call, String why) throws IOException {
        add(returned(call, why, false));
    }

    /** Gives back the calls that have not begun. */
    public synchronized void giveBackRest(String why) throws IOException {
        for (int call : chunk.takeBack()) {
            add(returned(call, why, false));
        }
    }

    /** The call could not be run, by no fault of its own. */
    public synchronized void inTrouble(int call, String why) throws IOException {
        add(returned(call, why, true));
    }

    /**
     * Gives back all calls, of which none has begun.
     *
     * @param trouble whether something failed that is not to fail
     */
    public synchronized void refuse(String why, boolean trouble) throws IOException {
        for (int call : chunk.takeBack()) {
            add(returned(call, why, trouble));
        }
    }

    /** Every worker before this one has ended without a word: nobody runs it any more. None has begun. */
    public synchronized void abandon(String why) throws IOException {
        for (int call : chunk.takeBack()) {
            RemoteCall of = calls.get(call);
            add(new Entry.Gone(call, of == null ? 1 : of.attempt(), token(call), why));
        }
    }

    /** The call that runs has taken too long: it is reported with what it wrote, and the rest is given back. */
    public synchronized void outOfTime(int call, String message, Report.Status status, byte[] log)
            throws IOException {
        RemoteCall of = calls.get(call);
        if (of != null) {
            Report report = new Report(call, of.attempt(), invocation.invocation().send(),
                    new Outcome.Failure(CallError.of(ErrorCode.OUTATIME, message)), status);
            int logSize = Math.toIntExact(status.output().logSize());
            if (logSize > 0) {
                addLarge(report, log, logSize, log, 0);
            } else {
                add(report, nanos.getAsLong());
            }
        }
        giveBackRest("the worker ends after a call that took too long");
    }

    @Override
    public synchronized void retiring(String reason) {
        retiring = reason;
    }

    /** Why the process is to run nothing more, or null. */
    public synchronized @Nullable String retiring() {
        return retiring;
    }

    /** There is one message at the end. */
    @Override
    public void flush() {
        // What waits is sent by finish.
    }

    private String token(int call) {
        RemoteCall of = calls.get(call);
        return of == null ? "" : of.token();
    }

    /**
     * Puts the overflow, and sends all that was not sent.
     *
     * @throws IOException if the queue does not take it; what could not be put is given back, as calls in trouble
     */
    public synchronized void finish() throws IOException {
        putOverflow();
        send();
    }

    /** The same, but the last message is not sent: it is the answer. */
    public synchronized byte[] answer() throws IOException {
        putOverflow();
        return message(ready).toJson();
    }

    private void putOverflow() throws IOException {
        OutputStream out = overflow;
        if (out == null) {
            return;
        }
        out.close();
        overflow = null;
        List<Entry> reported = List.copyOf(waiting);
        waiting.clear();
        try {
            links.upload("the object for large values", invocation.overflow(), file, overflowSize);
            for (Entry entry : reported) {
                add(entry);
            }
        } catch (LinkException e) {
            for (Entry entry : reported) {
                add(returned(entry.call(), String.valueOf(e.getMessage()), true));
            }
        }
    }

    private void send() throws IOException {
        if (!ready.isEmpty()) {
            queue.send(invocation.queue(), new String(message(ready).toJson(), StandardCharsets.US_ASCII));
            ready.clear();
            readySize = 0;
        }
        sentAt = nanos.getAsLong();
    }

    private RemoteReports message(List<Entry> entries) {
        return new RemoteReports(Protocol.VERSION, invocation.tenant(), invocation.invocation().callsetId(),
                invocation.invocation().send(), worker, entries);
    }

    @Override
    public synchronized void close() throws IOException {
        OutputStream out = overflow;
        if (out != null) {
            out.close();
        }
        Files.deleteIfExists(file);
    }
}
