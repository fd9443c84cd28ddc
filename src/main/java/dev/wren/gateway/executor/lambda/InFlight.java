package dev.wren.gateway.executor.lambda;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Calls invoked and not ended: at most so many, but for the rest of a chunk. Safe for use by several threads. */
final class InFlight {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private int limit;
    private int count;

    InFlight(int limit) {
        this.limit = limit;
    }

    /** Takes one place, waiting for it. */
    void enter() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (count >= limit) {
                room.await();
            }
            count++;
        } finally {
            lock.unlock();
        }
    }

    /** Takes places that cannot wait. */
    void add(int more) {
        lock.lock();
        try {
            count += more;
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

    int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }
}
