package dev.wren.gateway.jar;

import java.util.HashMap;
import java.util.Map;

/**
 * Contents that somebody is about to refer to, or has since the last sweep began: what a sweep has counted before does
 * not tell of them. Safe for use by several threads.
 */
final class JarUses {

    private final Map<String, Uses> uses = new HashMap<>();

    /** Of one key. */
    private static final class Uses {
        int now;
        /** Whether it was used since the last sweep began. */
        boolean before;
    }

    synchronized void begin(String key) {
        uses.computeIfAbsent(key, _ -> new Uses()).now++;
    }

    synchronized void end(String key) {
        uses.computeIfPresent(key, (_, each) -> {
            each.now--;
            each.before = true;
            return each;
        });
    }

    /** Instead of {@link #end}: there was nothing to use. Whoever asks for what is not there leaves nothing here. */
    synchronized void forget(String key) {
        uses.computeIfPresent(key, (_, each) -> {
            each.now--;
            return each.now == 0 && !each.before ? null : each;
        });
    }

    synchronized void beginSweep() {
        uses.values().removeIf(each -> {
            each.before = false;
            return each.now == 0;
        });
    }

    /** Runs {@code removal} unless the key was touched; nobody touches it while it runs. */
    synchronized boolean unlessTouched(String key, Runnable removal) {
        if (uses.containsKey(key)) {
            return false;
        }
        removal.run();
        return true;
    }

    /** Keys that are kept from being removed. */
    synchronized int size() {
        return uses.size();
    }
}
