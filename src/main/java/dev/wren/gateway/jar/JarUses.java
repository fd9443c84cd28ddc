package dev.wren.gateway.jar;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Contents that somebody is about to refer to, or has since the last sweep began: what a sweep has counted before does
 * not tell of them. Safe for use by several threads.
 */
final class JarUses {

    private final Map<String, Uses> uses = new HashMap<>();

    /** Keys that are being removed. */
    private final Set<String> removing = new HashSet<>();

    /** Of one key. */
    private static final class Uses {
        int now;
        /** Whether it was used since the last sweep began. */
        boolean before;
        /** Whether no other gateway removes it before this one's next sweep but one. */
        boolean isSafe;
    }

    /**
     * Waits where the key is just being removed: whoever has it then may find that it is gone.
     *
     * @return whether it is safe from other gateways
     */
    synchronized boolean begin(String key) {
        boolean interrupted = false;
        while (removing.contains(key)) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Uses of = uses.computeIfAbsent(key, _ -> new Uses());
        of.now++;
        return of.isSafe;
    }

    /** No other gateway removes it soon. */
    synchronized void safe(String key) {
        uses.computeIfPresent(key, (_, each) -> {
            each.isSafe = true;
            return each;
        });
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
            each.isSafe = false;
            return each.now == 0;
        });
    }

    /**
     * Runs {@code removal} unless the key was touched; nobody touches it while it runs. Other keys are not held up.
     *
     * @return what it returns; false if it was touched
     */
    boolean unlessTouched(String key, BooleanSupplier removal) {
        synchronized (this) {
            if (uses.containsKey(key) || !removing.add(key)) {
                return false;
            }
        }
        try {
            return removal.getAsBoolean();
        } finally {
            synchronized (this) {
                removing.remove(key);
                notifyAll();
            }
        }
    }

    /** Keys that are kept from being removed. */
    synchronized int size() {
        return uses.size();
    }
}
