package dev.wren.gateway.executor;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.Data;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Report;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sending: calls of one callset that are handed to a worker together, in ascending order of their indexes. Every
 * call is accounted for once: reported, returned, postponed or lost. An executor that stays with its workers ends the
 * chunk by {@link #close()}; one whose workers are far away lets it go by {@link #detach()}, and it ends with the last
 * of its calls. Safe for use by several threads.
 */
public final class Chunk implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Chunk.class);
    private static final ChunkContents NOTHING = new ChunkContents.InHand(List.of());

    private final Job job;
    private final int[] calls;
    private final Sending sending;
    private final Sink sink;
    private final Ticker ticker;
    /** Positions that are not accounted for. Guarded by this. */
    private final BitSet open;
    private final List<Runnable> closeActions = new ArrayList<>(1);
    private volatile ChunkContents contents;
    private volatile Handler handler = Handler.NONE;
    private volatile long dueNanos;
    private volatile Duration allowance;
    private volatile boolean detached;
    private boolean stopped;
    private boolean closed;
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

        /** The calls are with a worker that outlives the gateway. */
        void detached(Chunk chunk);

        /** {@link Chunk#dueNanos()} is earlier than it was. */
        void dueSooner(Chunk chunk);

        /** The executor knows better now what it allows a chunk that was sent before a restart. */
        void allowedAnew(Chunk chunk);

        /** All calls are accounted for, and the worker is free. */
        void closed(Chunk chunk);

        /**
         * A part of a datum that is an object of the store.
         *
         * @throws RuntimeException if it cannot be had
         */
        byte[] part(Chunk chunk, Data.Place place, long from, int length);

        /** Stores a value under its key; reads it to the end. */
        void storeValue(Chunk chunk, Report report, InputStream value);

        /** Stores a log under its key; reads it to the end. */
        void storeLog(Chunk chunk, Report report, InputStream log);
    }

    /** Whoever runs a chunk: how to see what runs, and how to stop it. */
    public interface Handler {

        /** Nobody is at it. */
        Handler NONE = new Handler() {
        };

        /** Index of the call that runs, or a negative number. */
        default int currentCall() {
            return -1;
        }

        /** What that call has written so far. */
        default Optional<InputStream> output() {
            return Optional.empty();
        }

        /** Some calls of the chunk are {@link Chunk#decided()}: they are to be stopped. */
        default void stopDecided() {
            // Nothing runs.
        }

        /** Nothing was heard for too long: whatever runs is to be ended, and what became of the calls to be told. */
        default boolean overdue() {
            return false;
        }
    }

    /**
     * What is sent.
     *
     * @param calls ascending indexes
     * @param attempts the number of each call's attempt
     * @param send the number of the sending, unique in the callset
     * @param invokedAt when it was handed to the executor
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Sending(int[] calls, int[] attempts, long send, Instant invokedAt) {
    }

    /**
     * A chunk.
     *
     * @param contents each call's datum
     * @param allowance within which something is to be heard of it
     */
    public Chunk(Job job, Sending sending, ChunkContents contents, Duration allowance, Ticker ticker, Sink sink) {
        this.job = job;
        this.sending = sending;
        this.calls = sending.calls;
        this.contents = contents;
        this.sink = sink;
        this.ticker = ticker;
        this.allowance = allowance;
        this.dueNanos = ticker.read() + allowance.toNanos();
        this.open = new BitSet(calls.length);
        open.set(0, calls.length);
    }

    /** A chunk that was sent before a restart, to workers that outlive the gateway. */
    public static Chunk awaited(Job job, Sending sending, Duration allowance, Ticker ticker, Sink sink) {
        Chunk chunk = new Chunk(job, sending, NOTHING, allowance, ticker, sink);
        chunk.detached = true;
        return chunk;
    }

    /** What is known of the callset. */
    public Job job() {
        return job;
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
        return sending.attempts[position];
    }

    /** The number of this sending, unique in the callset. */
    public long send() {
        return sending.send;
    }

    /** The data. Not after {@link #sent()}. */
    public ChunkContents contents() {
        return contents;
    }

    /** The datum of the call at {@code position}, where it is in hand. Not to be changed. Not after {@link #sent()}. */
    public byte[] datum(int position) {
        return ((ChunkContents.InHand) contents).data().get(position);
    }

    /**
     * A part of a datum that is elsewhere.
     *
     * @throws RuntimeException if it cannot be had
     */
    public byte[] part(Data.Place place, long from, int length) {
        return sink.part(this, place, from, length);
    }

    /** The data are with the worker: they are let go. */
    public void sent() {
        contents = NOTHING;
    }

    public Instant invokedAt() {
        return sending.invokedAt;
    }

    /**
     * What all calls have in common.
     *
     * @param version the version of the protocol to name
     * @param locations where the worker finds the class path, in order
     */
    public Invocation invocation(int version, List<String> locations) {
        var settings = job.settings();
        var overwrite = settings.overwriteInvokeArgs();
        return new Invocation(overwrite.get("protocolVersion") instanceof Number n ? n.intValue() : version,
                overwrite.get("callsetId") instanceof String s ? s : job.id().text(), job.size(),
                jars(locations),
                overwrite.get("handler") instanceof String s ? s : settings.function().handler(),
                settings.function().arguments(), settings.excludeModules(),
                overwrite.get("extraMeta") instanceof String s ? s : settings.extraMeta(), sending.send,
                settings.jobMaxRuntime().toMillis());
    }

    /** The class path; of the first jar, what a test has made of it. */
    private List<Invocation.Jar> jars(List<String> locations) {
        var overwrite = job.settings().overwriteInvokeArgs();
        List<Invocation.Jar> jars = new ArrayList<>(locations.size());
        for (int i = 0; i < locations.size(); i++) {
            jars.add(new Invocation.Jar(
                    i == 0 && overwrite.get("sha256") instanceof String s ? s : job.jars().get(i).sha256(),
                    i == 0 && overwrite.get("jar") instanceof String s ? s : locations.get(i)));
        }
        return jars;
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

    /** Calls not accounted for whose outcomes are decided, in order: whatever runs of them is to be stopped. */
    public int[] decided() {
        return job.decided(open());
    }

    /** The attempt of a call of this chunk. */
    public int attemptOf(int call) {
        return sending.attempts[Arrays.binarySearch(calls, call)];
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

    /** The executor says who runs it. If calls are to be stopped already, it is told so at once. */
    public void attach(Handler by) {
        boolean now;
        synchronized (this) {
            handler = by;
            now = stopped;
        }
        if (now) {
            by.stopDecided();
        }
    }

    /** Some calls of this chunk were decided elsewhere: the executor is to stop them. */
    public void stop() {
        Handler now;
        synchronized (this) {
            stopped = true;
            now = handler;
        }
        now.stopDecided();
    }

    /** Within which time something is to be heard of it. */
    public Duration allowance() {
        return allowance;
    }

    /** Something was heard of it, and something more will be within {@code next}. */
    public void heard(Duration next) {
        long due = ticker.read() + next.toNanos();
        boolean sooner = due - dueNanos < 0;
        allowance = next;
        dueNanos = due;
        if (sooner) {
            sink.dueSooner(this);
        }
    }

    /**
     * For an executor that was asked for its {@link Executor#allowance} before it knew it: it is asked again.
     */
    public void allowAnew() {
        sink.allowedAnew(this);
    }

    /** The time of durations. */
    public Ticker ticker() {
        return ticker;
    }

    /** When something must have been heard of it, by the ticker. */
    public long dueNanos() {
        return dueNanos;
    }

    /** For whoever watches the time: it is past {@link #dueNanos()}. */
    public void overdue() {
        Duration silent = allowance;
        dueNanos = ticker.read() + silent.toNanos();
        if (!handler.overdue()) {
            for (int call : open()) {
                lose(call, "nothing was heard of it for " + silent.toSeconds() + " s");
            }
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
        int position = Arrays.binarySearch(calls, handler.currentCall());
        if (position >= 0) {
            begun = Math.max(begun, position + 1);
        }
    }

    /** What the call has written so far, if it is the one that runs. */
    public Optional<InputStream> output(int call) {
        Handler now = handler;
        return now.currentCall() == call ? now.output() : Optional.empty();
    }

    /**
     * The calls are with a worker that outlives the gateway: their data are let go, their reports come by
     * {@link Reports}, and the chunk ends with the last of them, or when it is {@link #overdue()}.
     */
    public void detach() {
        sent();
        detached = true;
        sink.detached(this);
    }

    /** Whether nobody but {@link Reports} and the time will tell of it. */
    public boolean isDetached() {
        return detached;
    }

    /** Runs {@code action} when the chunk has ended; at once if it has. It must be quick. */
    public void onClosed(Runnable action) {
        synchronized (this) {
            if (!closed) {
                closeActions.add(action);
                return;
            }
        }
        action.run();
    }

    /** Ends the chunk; calls that nobody has accounted for are lost. A detached one ends by itself. */
    @Override
    public void close() {
        if (!detached) {
            for (int call : open()) {
                lose(call, "the worker ended and did not say what became of it");
            }
            end();
        }
    }

    /** For the sink: a detached chunk whose calls are all accounted for has ended. Once. */
    public void end() {
        List<Runnable> actions;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            actions = List.copyOf(closeActions);
        }
        try {
            sink.closed(this);
        } finally {
            actions.forEach(this::runSafely);
        }
    }

    /** Whatever one action throws, the others are run. */
    private void runSafely(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            log.error("callset {}: what was to follow the end of a chunk failed", job.id(), e);
        }
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
