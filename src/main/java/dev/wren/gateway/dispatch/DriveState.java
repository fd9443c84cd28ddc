package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Job;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.record.CallTable;
import dev.wren.protocol.CallState;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * What a drive knows of its callset: which calls wait, are being sent, are at the executor, and what was decided and is
 * not durable. All that changes is used under the callset's lock, which is taken before a chunk's.
 */
final class DriveState {

    final Callset callset;
    final CallTable table;
    final DriveContext context;
    final Job job;
    final Pending pending;
    final Staged staged;
    final LiveChunks chunks;
    /** Calls whose data are being read, by the array that they were taken in. */
    final Set<int[]> sending = Collections.newSetFromMap(new IdentityHashMap<>());
    /** How often calls were lost. */
    final Map<Integer, Integer> losses = new HashMap<>();
    int errors;
    /** How often in a row something that calls need could not be had. */
    int setbacks;
    long meanNanos;
    boolean stopped;
    private final ReentrantLock lock;
    private final int maxChunks;
    private final boolean workersAreFar;
    private long lastSend;

    DriveState(Callset callset, DriveContext context) {
        this.callset = callset;
        this.context = context;
        this.lock = callset.driven().lock();
        this.staged = new Staged(context.backlog());
        this.chunks = new LiveChunks(this);
        Integer concurrency = callset.settings().maxConcurrency();
        this.maxChunks = concurrency == null ? Integer.MAX_VALUE : concurrency;
        this.workersAreFar = context.isFar(callset);
        lock.lock();
        try {
            this.table = callset.driven().table();
            this.pending = new Pending(table);
            this.errors = table.count(CallState.ERROR);
        } finally {
            lock.unlock();
        }
        this.job = new DrivenJob(this);
    }

    <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a call may be sent now. */
    boolean hasWork() {
        return !stopped && context.isActive(callset.id()) && !callset.driven().isHeld() && context.backlog().hasRoom()
                && chunks.size() + sending.size() < maxChunks
                && beingSent() < callset.settings().invokePoolThreads()
                && !pending.isEmpty();
    }

    /** Sendings under way. Where workers are near, one is over as soon as it has begun. */
    private int beingSent() {
        return sending.size() + (workersAreFar ? chunks.near() : 0);
    }

    /** What whoever reports something is told when the callset was given up here: it is lost only with the callset. */
    Reports.Receipt givenUp() {
        return callset.state().isDeleted() ? Reports.Receipt.NOT_DRIVEN : Reports.Receipt.LATER;
    }

    int nextAttempt(int call) {
        return table.attempts(call) + 1;
    }

    /**
     * The number of a sending that begins now: the microseconds since the callset's creation, and more than those before.
     * So it is another than those of an earlier start, which may still be under way: there are never so many sendings
     * that the numbers run ahead of the time.
     */
    long nextSend(Instant now) {
        lastSend = Math.max(lastSend + 1, ChronoUnit.MICROS.between(callset.createdAt(), now));
        return lastSend;
    }

    /** About when a sending began, whatever number a worker says. */
    Instant sentAt(long send) {
        long latest = Math.max(0, ChronoUnit.MICROS.between(callset.createdAt(), context.now()));
        return callset.createdAt().plus(Math.clamp(send, 0, latest), ChronoUnit.MICROS)
                .truncatedTo(ChronoUnit.MILLIS);
    }

    long sinceCreation(Instant time) {
        return Duration.between(callset.createdAt(), time).toMillis();
    }

    /** The call is to be sent once more, before others. */
    void takeBack(int call) {
        if (!table.isDecided(call)) {
            pending.addFirst(call);
        }
    }

    /** Whether a call that the chunk tells of is still to be decided; the chunk has accounted for it then. */
    boolean isOpen(Chunk chunk, int call) {
        return chunk.account(call) && !stopped && !table.isDecided(call);
    }
}
