package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Counts;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.shard.NotHereException;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallState;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Report;
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

/**
 * The state of a callset that this gateway drives, or that is done: its log, and what its driver tells. The driver is
 * the one writer. Safe for use by several threads; what must be seen together is read under {@link #lock()}.
 */
public final class LoggedState implements CallsetState {

    private final Manifest manifest;
    private final CallLog log;
    private final ObjectStore store;
    private final ReentrantLock lock = new ReentrantLock();
    private final CallWaiters waiters;
    private volatile LiveView live = LiveView.NOTHING;
    private volatile boolean deleted;
    /** Whether another gateway drives it. */
    private volatile boolean handedOver;
    /** Whether its data are not there yet. */
    private volatile boolean held;
    private final EndActions endActions;
    private final EndActions releases;
    private @Nullable CallTable table;
    private int segments;
    private @Nullable Instant doneAt;
    private Segment.@Nullable Head head;

    LoggedState(Manifest manifest, CallLog log, ObjectStore store, Ticker ticker) {
        this.manifest = manifest;
        this.log = log;
        this.store = store;
        this.waiters = new CallWaiters(ticker);
        this.endActions = new EndActions(manifest.id());
        this.releases = new EndActions(manifest.id());
        if (manifest.size() == 0) {
            doneAt = manifest.createdAt();
            releases.runAll();
            endActions.runAll();
        }
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Guards {@link #table()}. */
    public ReentrantLock lock() {
        return lock;
    }

    /** The state of all calls, read from the log if it is not in memory. To be used under {@link #lock()}. */
    public CallTable table() {
        CallTable current = table;
        if (current == null) {
            CallLog.Replayed read = unlessDeleted(
                    () -> log.replay(manifest.tenant(), manifest.id(), manifest.size()));
            current = read.table();
            segments = read.segments();
            table = current;
            read.head().ifPresent(this::advance);
            if (doneAt != null && !read.indexed()) {
                indexSoon();
            }
        }
        return current;
    }

    @Override
    public Counts counts() {
        return locked(() -> {
            if (table == null) {
                Segment.Head last = last();
                if (last.ended() == manifest.size()) {
                    return new Counts(0, 0, 0, last.success(), last.error(), last.cancelled());
                }
            }
            CallTable now = table();
            int runs = (int) running().count();
            return new Counts(now.count(CallState.NEW), now.count(CallState.INVOKED) - runs,
                    now.count(CallState.RUNNING) + runs, now.count(CallState.SUCCESS), now.count(CallState.ERROR),
                    now.count(CallState.CANCELLED));
        });
    }

    @Override
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

    @Override
    public Summary summary() {
        return locked(() -> new Summary(counts(), doneAt()));
    }

    @Override
    public CallState of(int call) {
        return locked(() -> {
            CallState state = table().state(call);
            return state == CallState.INVOKED && isRunning(call) ? CallState.RUNNING : state;
        });
    }

    @Override
    public CallStatus status(int call) {
        return locked(() -> {
            CallState state = of(call);
            return new CallStatus(state, table().attempts(call) + (state == CallState.RUNNING ? 1 : 0),
                    table().location(call), table().earlier(call), live.invokedAt(call));
        });
    }

    @Override
    public OptionalInt next(CallState state, int from) {
        return locked(() -> switch (state) {
            case NEW, SUCCESS, ERROR, CANCELLED -> table().next(state, from);
            case RUNNING -> IntStream.concat(table().next(state, from).stream(),
                    running().filter(call -> call >= from)).min();
            case INVOKED -> {
                OptionalInt found = table().next(state, from);
                while (found.isPresent() && isRunning(found.getAsInt())) {
                    found = table().next(state, found.getAsInt() + 1);
                }
                yield found;
            }
        });
    }

    @Override
    public Origins failed() {
        return locked(() -> {
            Origins.Builder failed = new Origins.Builder(manifest.size());
            CallTable now = table();
            for (int call = 0; call < now.size(); call++) {
                CallState state = now.state(call);
                if (state == CallState.ERROR || state == CallState.CANCELLED) {
                    failed.add(call);
                }
            }
            return failed.build();
        });
    }

    @Override
    public int segments() {
        return locked(this::nextSegment);
    }

    @Override
    public Optional<InputStream> liveOutput(int call) {
        return live.output(call);
    }

    @Override
    public boolean isDeleted() {
        return deleted;
    }

    @Override
    public boolean awaitFinal(int call, Duration timeout) throws InterruptedException {
        return waiters.await(() -> isOver() || of(call).isFinal(), call, timeout) && isHere();
    }

    @Override
    public boolean awaitDone(Duration timeout) throws InterruptedException {
        return waiters.await(() -> isOver() || doneAt() != null, CallWaiters.DONE, timeout) && isHere();
    }

    @Override
    public boolean awaitChange(BooleanSupplier condition, Duration timeout) throws InterruptedException {
        return waiters.await(() -> isOver() || condition.getAsBoolean(), CallWaiters.ANY, timeout) && isHere();
    }

    private boolean isHere() {
        requireHere();
        return true;
    }

    @Override
    public void requireHere() {
        if (isHandedOver()) {
            throw new NotHereException(manifest.id().shard(),
                    "Another gateway drives the callset " + manifest.id() + " now; ask again.");
        }
    }

    /** Whether another gateway drives it. */
    boolean isHandedOver() {
        return handedOver;
    }

    /** Whether nothing is to be done for it here any more: it was deleted, or another gateway drives it. */
    public boolean isOver() {
        return deleted || handedOver;
    }

    @Override
    public CallWaiters.Place listenTo(int call) {
        return waiters.listenTo(call);
    }

    @Override
    public void onEnd(Runnable action) {
        endActions.add(action);
        if (locked(() -> doneAt != null)) {
            // Found to be done when it was read from the log: nobody else will say so.
            endActions.runAll();
        }
    }

    /**
     * The same, but just before anybody can see the end: whoever does may ask at once for what is released. Nothing else may
     * be done with the callset then.
     */
    void releaseAtEnd(Runnable action) {
        releases.add(action);
        if (locked(() -> doneAt != null)) {
            releases.runAll();
        }
    }

    @Override
    public long weight() {
        return locked(() -> table == null ? CallTable.weight(manifest.size()) : table.weight());
    }

    /** Nothing of it is in the log yet: it was accepted just now. */
    public void begin() {
        lock.lock();
        try {
            table = new CallTable(manifest.size());
            head = new Segment.Head(manifest.createdAt(), 0, 0, 0);
        } finally {
            lock.unlock();
        }
    }

    /** No call is sent before {@link #release()}. */
    public void hold() {
        held = true;
    }

    /** The data are there. */
    public void release() {
        held = false;
    }

    /** Whether no call may be sent yet. */
    public boolean isHeld() {
        return held;
    }

    /** The driver says how to learn what runs. */
    public void drivenBy(LiveView driver) {
        live = driver;
    }

    /** The manifest is gone: for everybody the callset is, too. */
    void delete() {
        deleted = true;
        waiters.wakeAll();
        ended();
    }

    /** Another gateway drives it from now on; here nothing more is learnt of it. */
    void handOver() {
        handedOver = true;
        waiters.wakeAll();
        ended();
    }

    /** What is known of the calls may be wrong: it is read from the log again when it is asked for. */
    public void forget() {
        lock.lock();
        try {
            live = LiveView.NOTHING;
            table = null;
            head = null;
            segments = 0;
        } finally {
            lock.unlock();
        }
        // The log may hold more than was known: everybody looks again.
        waiters.wakeAll();
        if (doneAt() != null) {
            ended();
        }
    }

    /** The next segment's number. Under {@link #lock()}. */
    public int nextSegment() {
        table();
        return segments;
    }

    /**
     * A segment is durable: now everybody sees what it says. Called by the driver, without the lock.
     *
     * @param entries what the segment holds, in its order
     * @param offsets where each entry's record is
     */
    public void committed(List<Segment.Entry> entries, List<Integer> offsets, Segment.Head after) {
        if (after.ended() == manifest.size()) {
            releases.runAll();
        }
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
                    case Segment.Entry.Invoked _ -> {
                        // Known already; a note for the next start.
                    }
                }
            }
            advance(after);
            nowDone = doneAt != null;
        } finally {
            lock.unlock();
        }
        waiters.wake(ended, cancelled, nowDone);
        if (nowDone) {
            ended();
            indexSoon();
        }
    }

    private void indexSoon() {
        log.indexSoon(manifest.tenant(), manifest.id(), segments, this::finalState);
    }

    /** What the log says, now that all calls have ended; nothing if the callset was deleted. */
    private Optional<CallLog.Replayed> finalState() {
        return locked(() -> deleted || doneAt == null
                ? Optional.empty()
                : Optional.of(new CallLog.Replayed(table(), segments, Optional.of(last()), false)));
    }

    private void ended() {
        live = LiveView.NOTHING;
        releases.runAll();
        endActions.runAll();
    }

    /**
     * Reads the store. What is missing because the callset was deleted meanwhile is no damage.
     *
     * @throws ProblemException {@code not-found} if it was deleted
     */
    <T> T unlessDeleted(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (DamagedObjectException e) {
            if (deleted || store.read(ObjectKeys.manifest(manifest.tenant(), manifest.id()), 0, 1).isEmpty()) {
                throw new ProblemException(ProblemType.NOT_FOUND, "There is no callset " + manifest.id() + ".");
            }
            throw e;
        }
    }

    /**
     * Calls that a worker has begun, and the table does not count as running. One that was decided before it was begun,
     * by a cancel, is not shown as running any more.
     */
    private IntStream running() {
        CallTable now = table();
        return Arrays.stream(live.calls())
                .filter(call -> now.state(call) == CallState.INVOKED && !now.isDecided(call));
    }

    private boolean isRunning(int call) {
        return !table().isDecided(call) && live.isRunning(call);
    }

    private Segment.Head last() {
        Segment.Head known = head;
        if (known == null) {
            known = unlessDeleted(() -> log.last(manifest.tenant(), manifest.id()))
                    .orElse(new Segment.Head(manifest.createdAt(), 0, 0, 0));
            advance(known);
        }
        return known;
    }

    private void advance(Segment.Head latest) {
        head = latest;
        if (doneAt == null && latest.ended() == manifest.size()) {
            doneAt = latest.time();
        }
    }
}
