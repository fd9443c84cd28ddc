package dev.wren.gateway.executor;

import dev.wren.gateway.callset.Callset;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Report;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one callset that are handed to a worker together, in ascending order of their indexes. Every call is
 * accounted for once: reported, returned, postponed or lost; then {@link #close()} ends the chunk. Safe for use by several
 * threads.
 */
public final class Chunk implements AutoCloseable {

    private final Callset callset;
    private final int[] calls;
    private final int[] attempts;
    private final List<byte[]> data;
    private final Instant invokedAt;
    private final Sink sink;
    /** Positions that are not accounted for. Guarded by this. */
    private final BitSet open;
    private volatile IntSupplier current = () -> -1;
    private volatile Outputs outputs = () -> Optional.empty();
    private @Nullable Runnable stop;
    private boolean stopped;
    private int begun;

    /**
     * Takes what becomes of calls. What is told of a call that {@link Chunk#account} refuses changes nothing.
     */
    public interface Sink {

        /** An attempt has ended; the log and the value are stored already where the report says so. */
        void reported(Chunk chunk, Report report);

        /** The call was not begun, and no fault of it is why. */
        void returned(Chunk chunk, int call);

        /** The infrastructure failed the call. */
        void lost(Chunk chunk, int call, String reason);

        /** The calls were not begun, since what they need cannot be had now: they are to wait a while. */
        void postponed(Chunk chunk, int[] calls);

        /** All calls are accounted for, and the worker is free. */
        void closed(Chunk chunk);

        /** Stores a value under its key; reads it to the end. */
        void storeValue(Chunk chunk, Report report, InputStream value);

        /** Stores a log under its key; reads it to the end. */
        void storeLog(Chunk chunk, Report report, InputStream log);
    }

    /** What the running call has written so far. */
    @FunctionalInterface
    public interface Outputs {
        Optional<InputStream> output();
    }

    /**
     * A chunk.
     *
     * @param calls ascending indexes
     * @param attempts the number of each call's attempt
     * @param data each call's datum
     */
    public Chunk(Callset callset, int[] calls, int[] attempts, List<byte[]> data, Instant invokedAt, Sink sink) {
        this.callset = callset;
        this.calls = calls.clone();
        this.attempts = attempts.clone();
        this.data = List.copyOf(data);
        this.invokedAt = invokedAt;
        this.sink = sink;
        this.open = new BitSet(calls.length);
        open.set(0, calls.length);
    }

    public Callset callset() {
        return callset;
    }

    /** Number of calls. */
    public int size() {
        return calls.length;
    }

    /** Index of the call at {@code position}. */
    public int call(int position) {
        return calls[position];
    }

    /** The attempt of the call at {@code position}, from 1. */
    public int attempt(int position) {
        return attempts[position];
    }

    /** The datum of the call at {@code position}. Not to be changed. */
    public byte[] datum(int position) {
        return data.get(position);
    }

    public Instant invokedAt() {
        return invokedAt;
    }

    /**
     * What all calls have in common, for a worker that finds the jar at {@code jar}.
     *
     * @param version the version of the protocol to name
     */
    public Invocation invocation(int version, String jar) {
        var settings = callset.settings();
        var overwrite = settings.overwriteInvokeArgs();
        return new Invocation(overwrite.get("protocolVersion") instanceof Number n ? n.intValue() : version,
                overwrite.get("callsetId") instanceof String s ? s : callset.id().text(), callset.size(),
                overwrite.get("sha256") instanceof String s ? s : callset.sha256(),
                overwrite.get("jar") instanceof String s ? s : jar,
                overwrite.get("handler") instanceof String s ? s : settings.handler(), settings.excludeModules(),
                overwrite.get("extraMeta") instanceof String s ? s : settings.extraMeta(),
                settings.jobMaxRuntime().toMillis());
    }

    /** Whether the call is in this chunk and not accounted for. */
    public synchronized boolean isOpen(int call) {
        int position = Arrays.binarySearch(calls, call);
        return position >= 0 && open.get(position);
    }

    /** Calls not accounted for, in order. */
    public synchronized int[] open() {
        return open.stream().map(position -> calls[position]).toArray();
    }

    /** The attempt of a call of this chunk. */
    public int attemptOf(int call) {
        return attempts[Arrays.binarySearch(calls, call)];
    }

    /** An attempt has ended. A report for a call that is accounted for changes nothing. */
    public void report(Report report) {
        sink.reported(this, report);
    }

    /** The call was not begun. */
    public void giveBack(int call) {
        sink.returned(this, call);
    }

    /** The infrastructure failed the call. */
    public void lose(int call, String reason) {
        sink.lost(this, call, reason);
    }

    /** What the calls need cannot be had now: those that are not accounted for are sent again after a while. */
    public void postpone() {
        int[] waiting = open();
        if (waiting.length > 0) {
            sink.postponed(this, waiting);
        }
    }

    /** Stores a value that is too large for its record, before it is reported. */
    public void storeValue(Report report, InputStream value) {
        sink.storeValue(this, report, value);
    }

    /** Stores a log that is too large for its record, before it is reported. */
    public void storeLog(Report report, InputStream log) {
        sink.storeLog(this, report, log);
    }

    /**
     * The executor says how to see what runs, and how to stop it.
     *
     * @param currentCall index of the call that runs, or a negative number
     * @param output what that call has written
     * @param stopper looks which calls of this chunk are decided, and stops them; called at once if somebody has
     * cancelled calls already
     */
    public void attach(IntSupplier currentCall, Outputs output, Runnable stopper) {
        boolean now;
        synchronized (this) {
            current = currentCall;
            outputs = output;
            stop = stopper;
            now = stopped;
        }
        if (now) {
            stopper.run();
        }
    }

    /** Some calls of this chunk were cancelled: the executor is to stop them. */
    public void stop() {
        Runnable stopper;
        synchronized (this) {
            stopped = true;
            stopper = stop;
        }
        if (stopper != null) {
            stopper.run();
        }
    }

    /** Calls that a worker has begun and not yet reported. */
    public synchronized int[] running() {
        look();
        return begun == 0 ? new int[0] : open.stream().takeWhile(p -> p < begun).map(p -> calls[p]).toArray();
    }

    /** Whether the call is one of {@link #running()}. */
    public boolean isRunning(int call) {
        int position = Arrays.binarySearch(calls, call);
        if (position < 0) {
            return false;
        }
        synchronized (this) {
            look();
            return position < begun && open.get(position);
        }
    }

    /** What was seen to have begun once has, whatever is looked at later. */
    private void look() {
        int position = Arrays.binarySearch(calls, current.getAsInt());
        if (position >= 0) {
            begun = Math.max(begun, position + 1);
        }
    }

    /** What the call has written so far, if it is the one that runs. */
    public Optional<InputStream> output(int call) {
        return current.getAsInt() == call ? outputs.output() : Optional.empty();
    }

    /** Ends the chunk; calls that nobody has accounted for are lost. */
    @Override
    public void close() {
        for (int call : open()) {
            lose(call, "the worker ended and did not say what became of it");
        }
        sink.closed(this);
    }

    /**
     * For the sink, in one step with what it notes of the call, so that nobody sees the call as neither running nor
     * ended.
     *
     * @return false if the call is not in this chunk, or is accounted for
     */
    public synchronized boolean account(int call) {
        int position = Arrays.binarySearch(calls, call);
        if (position < 0 || !open.get(position)) {
            return false;
        }
        open.clear(position);
        return true;
    }
}
