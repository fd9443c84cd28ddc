package dev.wren.gateway.callset;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Output;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One callset. What it shows of ended calls is durable. Safe for use by several threads; what must be seen together is
 * read under {@link #lock()}.
 */
public final class Callset {

    private static final Logger logger = LoggerFactory.getLogger(Callset.class);

    private final Manifest manifest;
    private final Data data;
    private final CallLog log;
    private final ObjectStore store;
    private final Drives drives;
    private final ReentrantLock lock = new ReentrantLock();
    private final CallWaiters waiters = new CallWaiters();
    private volatile Running running = Running.NOTHING;
    private volatile boolean deleted;
    /** Whether its data are not there yet. */
    private volatile boolean held;
    private final Origins origins;
    /** What is to happen when the last call has ended, or the callset was deleted. Guarded by the lock. */
    private List<Runnable> endActions = new ArrayList<>();
    private @Nullable CallTable table;
    private int segments;
    private @Nullable Instant doneAt;
    private Segment.@Nullable Head head;

    Callset(Manifest.Stored stored, ObjectStore store, CallLog log, Drives drives) {
        this.manifest = stored.manifest();
        this.origins = stored.origins();
        this.data = new Data(store, manifest, stored.data());
        this.store = store;
        this.log = log;
        this.drives = drives;
        if (manifest.size() == 0) {
            doneAt = manifest.createdAt();
        }
    }

    /** What of a callset runs at the moment, as its driver knows it. */
    public interface Running {

        /** Nothing runs. */
        Running NOTHING = new Running() {
            @Override
            public int[] calls() {
                return new int[0];
            }

            @Override
            public boolean isAtWork(int call) {
                return false;
            }

            @Override
            public @Nullable Instant invokedAt(int call) {
                return null;
            }

            @Override
            public Optional<InputStream> output(int call) {
                return Optional.empty();
            }
        };

        /** Indexes of the calls that a worker has begun and not yet reported. */
        int[] calls();

        /** Whether the call is one of {@link #calls()}. */
        boolean isAtWork(int call);

        /** When a call that is at an executor was handed to it, or null if it is at none. */
        @Nullable
        Instant invokedAt(int call);

        /** What a running call has written so far. */
        Optional<InputStream> output(int call);
    }

    public CallsetId id() {
        return manifest.id();
    }

    public String tenant() {
        return manifest.tenant();
    }

    public MapSettings settings() {
        return manifest.settings();
    }

    public Manifest manifest() {
        return manifest;
    }

    public String executor() {
        return manifest.executor();
    }

    public String sha256() {
        return manifest.sha256();
    }

    /** Number of calls. */
    public int size() {
        return manifest.size();
    }

    public Instant createdAt() {
        return manifest.createdAt();
    }

    public @Nullable CallsetId redriveOf() {
        return manifest.redriveOf();
    }

    /** The id of the call of {@link #redriveOf()} that a call is run again for; nothing where there is none. */
    Optional<String> redriveOfCallId(int index) {
        return manifest.redriveOf() == null
                ? Optional.empty()
                : Optional.of(CallIds.format(origins.of(index), origins.sizeOfOrigin()));
    }

    public @Nullable CallsetId reduceOf() {
        return manifest.reduceOf();
    }

    /** The id of a call, as callers see it. */
    public String callId(int index) {
        return CallIds.format(index, size());
    }

    /** The data, for whoever sends them to workers. */
    public Data data() {
        return data;
    }

    /** Bytes of memory that it takes, about, with the state of all its calls, whether that is at hand or not. */
    long weight() {
        lock.lock();
        try {
            return 1024 + manifest.settings().weight() + origins.weight() + data.weight()
                    + (table == null ? CallTable.weight(size()) : table.weight());
        } finally {
            lock.unlock();
        }
    }

    /** Guards {@link #table()}. */
    public ReentrantLock lock() {
        return lock;
    }

    /** The state of all calls, read from the log if it is not at hand. To be used under {@link #lock()}. */
    public CallTable table() {
        CallTable current = table;
        if (current == null) {
            CallTable made = new CallTable(size());
            List<Segment.Head> heads = unlessDeleted(() -> log.replay(tenant(), id(), made));
            current = made;
            segments = heads.size();
            table = current;
            if (!heads.isEmpty()) {
                stands(heads.getLast());
            }
        }
        return current;
    }

    /** How many calls are in which state, at one moment. */
    public Counts counts() {
        lock.lock();
        try {
            if (table == null) {
                Segment.Head last = last();
                if (last.ended() == size()) {
                    return new Counts(0, 0, 0, last.success(), last.error(), last.cancelled());
                }
            }
            CallTable now = table();
            int runs = (int) atWork().count();
            return new Counts(now.count(CallState.NEW), now.count(CallState.INVOKED) - runs,
                    now.count(CallState.RUNNING) + runs, now.count(CallState.SUCCESS), now.count(CallState.ERROR),
                    now.count(CallState.CANCELLED));
        } finally {
            lock.unlock();
        }
    }

    /** Whether all calls have ended. */
    public boolean done() {
        return doneAt() != null;
    }

    /** When the last call ended, or null while one has not. Never changes once it is set. */
    public @Nullable Instant doneAt() {
        lock.lock();
        try {
            if (doneAt == null && table == null) {
                last();
            }
            return doneAt;
        } finally {
            lock.unlock();
        }
    }

    /** The state of one call. */
    public CallState state(int index) {
        lock.lock();
        try {
            CallState state = table().state(index);
            return state == CallState.INVOKED && isAtWork(index) ? CallState.RUNNING : state;
        } finally {
            lock.unlock();
        }
    }

    /** The first call from {@code from} on that is in {@code state}. */
    public OptionalInt next(CallState state, int from) {
        lock.lock();
        try {
            return switch (state) {
                case NEW, SUCCESS, ERROR, CANCELLED -> table().next(state, from);
                case RUNNING -> IntStream.concat(table().next(state, from).stream(),
                        atWork().filter(call -> call >= from)).min();
                case INVOKED -> {
                    OptionalInt found = table().next(state, from);
                    while (found.isPresent() && isAtWork(found.getAsInt())) {
                        found = table().next(state, found.getAsInt() + 1);
                    }
                    yield found;
                }
            };
        } finally {
            lock.unlock();
        }
    }

    /** One call, with what its attempts came to. Reads the store. */
    public Call call(int index) {
        CallState state;
        int attempts;
        Optional<CallTable.Location> last;
        List<CallTable.Location> earlier;
        Instant invokedAt;
        lock.lock();
        try {
            state = state(index);
            attempts = table().attempts(index) + (state == CallState.RUNNING ? 1 : 0);
            last = table().location(index);
            earlier = table().earlier(index);
            invokedAt = running.invokedAt(index);
        } finally {
            lock.unlock();
        }
        List<Call.Attempt> ended = new ArrayList<>(earlier.size() + 1);
        for (CallTable.Location at : earlier) {
            ended.add(attempt(at));
        }
        last.ifPresent(at -> ended.add(attempt(at)));
        Report report = ended.isEmpty() ? null : ended.getLast().report();
        // Of a call that has ended the log alone tells, so that it is the same for ever.
        if ((invokedAt == null || state.isFinal()) && !ended.isEmpty()) {
            invokedAt = ended.getLast().invokedAt();
        } else if (state.isFinal()) {
            invokedAt = null;
        }
        if (state == CallState.CANCELLED) {
            Report.Status status = null;
            for (Call.Attempt attempt : ended) {
                status = attempt.report().status() != null ? attempt.report().status() : status;
            }
            report = new Report(index, attempts, new Outcome.Cancelled(), status);
        }
        return new Call(index, state, attempts, ended, report, invokedAt);
    }

    /**
     * The JSON of a value.
     *
     * @param report of this callset, of a success
     */
    public InputStream value(Report report) {
        if (!(report.outcome() instanceof Outcome.Success(Value value))) {
            throw new IllegalArgumentException("no value in " + report.outcome());
        }
        return switch (value) {
            case Value.Inline(byte[] json) -> new ByteArrayInputStream(json);
            case Value.Stored(long size) -> open(
                    ObjectKeys.value(tenant(), id(), callId(report.call()), report.attempt()), size);
        };
    }

    /** All that an attempt wrote to standard output and error. */
    public InputStream log(Report report) {
        Report.Status status = report.status();
        Output output = status == null ? Output.NONE : status.output();
        return output.logSize() == 0
                ? new ByteArrayInputStream(output.excerpt())
                : open(ObjectKeys.log(tenant(), id(), callId(report.call()), report.attempt()), output.logSize());
    }

    /** What a running call has written so far; nothing if it does not run. */
    public Optional<InputStream> liveLog(int index) {
        return running.output(index);
    }

    /** Waits until the call has ended; false if it has not within {@code timeout}. */
    public boolean awaitFinal(int index, Duration timeout) throws InterruptedException {
        return waiters.await(() -> deleted || state(index).isFinal(), index, timeout);
    }

    /** Waits until all calls have ended; false if they have not within {@code timeout}. */
    public boolean awaitDone(Duration timeout) throws InterruptedException {
        return waiters.await(() -> deleted || done(), CallWaiters.DONE, timeout);
    }

    /** Waits until {@code condition} holds; it is looked at after each commit. */
    public boolean awaitChange(BooleanSupplier condition, Duration timeout) throws InterruptedException {
        return waiters.await(() -> deleted || condition.getAsBoolean(), CallWaiters.ANY, timeout);
    }

    /** Who is told when calls end. */
    CallWaiters waiters() {
        return waiters;
    }

    /** Cancels all calls that have not ended; true if that is durable within {@code timeout}. */
    boolean cancel(Duration timeout) throws InterruptedException {
        if (!done()) {
            drives.cancel(this);
        }
        return awaitDone(timeout);
    }

    /** Cancels a call that has not ended; true if that is durable within {@code timeout}. */
    boolean cancel(int index, Duration timeout) throws InterruptedException {
        if (!state(index).isFinal()) {
            drives.cancel(this, index);
        }
        return awaitFinal(index, timeout);
    }

    /** Calls that ended in {@code error} or {@code cancelled}. */
    Origins failed() {
        Origins.Builder failed = new Origins.Builder(size());
        lock.lock();
        try {
            CallTable now = table();
            for (int call = 0; call < size(); call++) {
                CallState state = now.state(call);
                if (state == CallState.ERROR || state == CallState.CANCELLED) {
                    failed.add(call);
                }
            }
        } finally {
            lock.unlock();
        }
        return failed.build();
    }

    /** Data of calls, as {@link Data#read} gives them. */
    List<byte[]> read(int first, int count, int maxBytes) {
        return unlessDeleted(() -> data.read(first, count, maxBytes));
    }

    /** Segments of the log. */
    int segments() {
        lock.lock();
        try {
            return nextSegment();
        } finally {
            lock.unlock();
        }
    }

    /** Calls that ended with a segment of the log, in its order. */
    int[] endedWith(int segment) {
        return unlessDeleted(() -> log.ended(tenant(), id(), segment));
    }

    /** No call is sent before {@link #release()}. */
    void hold() {
        held = true;
    }

    /** The data are there. */
    public void release() {
        held = false;
    }

    /** Whether no call may be sent yet. */
    public boolean held() {
        return held;
    }

    /** Whether it was deleted since it was found. */
    public boolean deleted() {
        return deleted;
    }

    void markDeleted() {
        deleted = true;
        waiters.wakeAll();
        ended();
    }

    /**
     * Runs {@code action} once, when the last call has ended or the callset is deleted; at once if that was before. It
     * must be quick.
     */
    public void onEnd(Runnable action) {
        lock.lock();
        try {
            if (doneAt == null && !deleted) {
                endActions.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        runSafely(action);
    }

    /** What one action comes to keeps no other from being run. */
    private void runSafely(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            logger.error("callset {}: something that was to follow its end has failed", id(), e);
        }
    }

    /** Nothing of it is in the log yet: it was accepted just now. */
    void begun() {
        lock.lock();
        try {
            table = new CallTable(size());
            head = new Segment.Head(createdAt(), 0, 0, 0);
        } finally {
            lock.unlock();
        }
    }

    /** What is known of the calls may be wrong: it is read from the log again when it is asked for. */
    public void forgetState() {
        lock.lock();
        try {
            running = Running.NOTHING;
            table = null;
            head = null;
            segments = 0;
        } finally {
            lock.unlock();
        }
        // The log may hold more than was known: everybody looks for himself.
        waiters.wakeAll();
        if (done()) {
            ended();
        }
    }

    /** The driver says how to learn what runs. */
    public void driven(Running by) {
        running = by;
    }

    /** The next segment's number. Under {@link #lock()}. */
    public int nextSegment() {
        table();
        return segments;
    }

    /**
     * A segment is durable: from here on everybody sees what it says. Called by the driver, without the lock.
     *
     * @param entries what the segment holds, in its order
     * @param offsets where each entry's record is
     */
    public void committed(List<Segment.Entry> entries, List<Integer> offsets, Segment.Head after) {
        List<Integer> ended = new ArrayList<>();
        List<CallWaiters.Range> cancelled = new ArrayList<>();
        boolean nowDone;
        lock.lock();
        try {
            CallTable now = table();
            int segment = segments++;
            for (int i = 0; i < entries.size(); i++) {
                switch (entries.get(i)) {
                    case Segment.Entry.Ended(Report report, long _, boolean last) -> {
                        if (last) {
                            now.end(report.call(), report.attempt(), report.outcome().state(), segment,
                                    offsets.get(i));
                            ended.add(report.call());
                        } else {
                            now.keep(report.call(), report.attempt(), segment, offsets.get(i));
                        }
                    }
                    case Segment.Entry.Cancelled(List<Integer> runs) -> {
                        for (int r = 0; r < runs.size(); r += 2) {
                            now.cancel(runs.get(r), runs.get(r + 1));
                            cancelled.add(new CallWaiters.Range(runs.get(r), runs.get(r + 1)));
                        }
                    }
                }
            }
            stands(after);
            nowDone = doneAt != null;
        } finally {
            lock.unlock();
        }
        waiters.wake(ended, cancelled, nowDone);
        if (nowDone) {
            ended();
        }
    }

    private void ended() {
        running = Running.NOTHING;
        runEndActions();
    }

    private void runEndActions() {
        List<Runnable> actions;
        lock.lock();
        try {
            actions = endActions;
            endActions = new ArrayList<>();
        } finally {
            lock.unlock();
        }
        actions.forEach(this::runSafely);
    }

    private Call.Attempt attempt(CallTable.Location at) {
        return unlessDeleted(() -> log.attempt(tenant(), id(), at));
    }

    /**
     * Reads the store. What is missing because the callset was deleted meanwhile is no damage.
     *
     * @throws ProblemException {@code not-found} if it was deleted
     */
    private <T> T unlessDeleted(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (DamagedObjectException e) {
            if (deleted || store.read(ObjectKeys.manifest(tenant(), id()), 0, 1).isEmpty()) {
                throw new ProblemException(ProblemType.NOT_FOUND, "There is no callset " + id() + ".");
            }
            throw e;
        }
    }

    /**
     * Calls that a worker has begun, and the table does not count as running. One that was decided before it was begun,
     * by a cancel, is not shown as running any more.
     */
    private IntStream atWork() {
        CallTable now = table();
        return Arrays.stream(running.calls())
                .filter(call -> now.state(call) == CallState.INVOKED && !now.isDecided(call));
    }

    private boolean isAtWork(int index) {
        return !table().isDecided(index) && running.isAtWork(index);
    }

    private Segment.Head last() {
        Segment.Head known = head;
        if (known == null) {
            known = unlessDeleted(() -> log.last(tenant(), id()))
                    .orElse(new Segment.Head(createdAt(), 0, 0, 0));
            stands(known);
        }
        return known;
    }

    private void stands(Segment.Head latest) {
        head = latest;
        if (doneAt == null && latest.ended() == size()) {
            doneAt = latest.time();
        }
    }

    private InputStream open(String key, long size) {
        ObjectStore.StoredObject object = unlessDeleted(() -> store.get(key)
                .orElseThrow(() -> new DamagedObjectException(key, "is not there", null)));
        if (object.size() != size) {
            object.close();
            throw new DamagedObjectException(key, "has " + object.size() + " bytes, not " + size, null);
        }
        return object.body();
    }
}
