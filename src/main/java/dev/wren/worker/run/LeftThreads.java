package dev.wren.worker.run;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds threads that functions have started and left running, other than daemons. For one thread. */
final class LeftThreads {

    /** A thread pool that was just closed may still be on its way out. */
    private static final long GRACE_MILLIS = 20;

    private final ThreadGroup root;
    private final Set<Thread> known = Collections.newSetFromMap(new IdentityHashMap<>());
    private @Nullable Thread[] threads = new Thread[32];

    /** Takes the threads of now for those that belong here. */
    LeftThreads() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        root = group;
        int count = list();
        for (int i = 0; i < count; i++) {
            Thread thread = threads[i];
            if (thread != null) {
                known.add(thread);
            }
        }
        known.add(Thread.currentThread());
        forget(count);
    }

    /** A thread that was left behind, or null. */
    @Nullable
    Thread find() {
        int count = list();
        Thread left = null;
        for (int i = 0; i < count && left == null; i++) {
            Thread thread = threads[i];
            if (thread != null && !thread.isDaemon() && !known.contains(thread) && !ends(thread)) {
                left = thread;
            }
        }
        forget(count);
        return left;
    }

    private static boolean ends(Thread thread) {
        try {
            thread.join(GRACE_MILLIS);
        } catch (InterruptedException e) {
            // Not for us: a function's thread has interrupted this one. The flag is cleared after every call anyway.
        }
        return !thread.isAlive();
    }

    private int list() {
        int count = root.enumerate(threads, true);
        while (count == threads.length) {
            threads = new Thread[threads.length * 2];
            count = root.enumerate(threads, true);
        }
        return count;
    }

    private void forget(int count) {
        for (int i = 0; i < count; i++) {
            threads[i] = null;
        }
    }
}
