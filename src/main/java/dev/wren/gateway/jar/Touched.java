package dev.wren.gateway.jar;

import java.util.HashMap;
import java.util.Map;

/**
 * Contents that somebody is about to refer to, or has since the last sweep began: what a sweep has counted before does
 * not tell of them. Safe for use by several threads.
 */
final class Touched {

    /** Users at the moment, by key; 0 for one that was used since the sweep began. */
    private final Map<String, Integer> users = new HashMap<>();

    synchronized void begin(String key) {
        users.merge(key, 1, Integer::sum);
    }

    synchronized void end(String key) {
        users.computeIfPresent(key, (_, count) -> count - 1);
    }

    synchronized void beginSweep() {
        users.values().removeIf(count -> count == 0);
    }

    /** Runs {@code removal} unless the key was touched; nobody touches it while it runs. */
    synchronized boolean unlessTouched(String key, Runnable removal) {
        if (users.containsKey(key)) {
            return false;
        }
        removal.run();
        return true;
    }
}
