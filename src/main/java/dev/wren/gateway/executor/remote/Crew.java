package dev.wren.gateway.executor.remote;

import java.util.concurrent.atomic.AtomicInteger;

/** How many are at work: at least one, once there was one, and at most so many. Safe for use by several threads. */
final class Crew {

    private final int most;
    private final AtomicInteger size = new AtomicInteger();

    Crew(int most) {
        this.most = most;
    }

    /** One more; false if there are enough. */
    boolean join() {
        return size.getAndUpdate(now -> Math.min(most, now + 1)) < most;
    }

    /** One less; false for the last, who stays. */
    boolean leave() {
        return size.getAndUpdate(now -> Math.max(1, now - 1)) > 1;
    }

    int size() {
        return size.get();
    }
}
