package dev.wren.gateway.executor.remote;

import dev.wren.gateway.executor.Chunk;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Calls invoked and not ended: at most so many, but for the rest of a chunk. Safe for use by several threads. */
public final class InFlight {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private int limit;
    /** Places of those who wait for calls. */
    private int kept;
    private int count;

    public InFlight(int limit) {
        this.limit = limit;
    }

    /** Keeps a place for calls to come, waiting for one. */
    void enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (kept + count >= limit) {
                room.await();
            }
            kept++;
        } finally {
            lock.unlock();
        }
    }

    /** Keeps a place for calls to come, if there is one now. */
    boolean tryEnter() {
        lock.lock();
        try {
            if (kept + count >= limit) {
                return false;
            }
            kept++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** No calls came for a place that was kept. */
    void giveUp() {
        lock.lock();
        try {
            kept--;
            room.signal();
        } finally {
            lock.unlock();
        }
    }

    /** A chunk came for a place that was kept: all its calls have places, until its end. */
    void begin(Chunk chunk) {
        lock.lock();
        try {
            kept--;
        } finally {
            lock.unlock();
        }
        add(chunk);
    }

    /** A chunk has places that no one has kept for it, until its end: it is under way already. */
    public void add(Chunk chunk) {
        int places = chunk.size();
        lock.lock();
        try {
            count += places;
        } finally {
            lock.unlock();
        }
        chunk.onClosed(() -> leave(places));
    }

    private void leave(int places) {
        lock.lock();
        try {
            count -= places;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    public void limit(int now) {
        lock.lock();
        try {
            limit = now;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Calls that have places. */
    public int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }
}
