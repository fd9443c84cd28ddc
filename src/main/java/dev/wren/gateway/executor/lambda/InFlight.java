package dev.wren.gateway.executor.lambda;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Calls invoked and not ended: at most so many, but for the rest of a chunk. Safe for use by several threads. */
final class InFlight {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private int limit;
    /** Places of those who wait for calls. */
    private int kept;
    private int count;

    InFlight(int limit) {
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

    /** Calls came for a place that was kept: they have places now, all of them. */
    void begin(int places) {
        lock.lock();
        try {
            kept--;
            count += places;
        } finally {
            lock.unlock();
        }
    }

    /** Calls have places that no one has kept for them: they are under way already. */
    void add(int places) {
        lock.lock();
        try {
            count += places;
        } finally {
            lock.unlock();
        }
    }

    void leave(int places) {
        lock.lock();
        try {
            count -= places;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void limit(int now) {
        lock.lock();
        try {
            limit = now;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Calls that have places. */
    int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }
}
