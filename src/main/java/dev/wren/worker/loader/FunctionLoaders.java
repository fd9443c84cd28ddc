package dev.wren.worker.loader;

import java.lang.ref.WeakReference;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import org.jspecify.annotations.Nullable;

/**
 * The class loader of the function that runs, for threads that are not the function's own and outlive it: those of the common
 * pool, and others that the JDK makes. One function runs at a time in a process. Safe for use by several threads.
 */
public final class FunctionLoaders {

    private static final String FACTORY = "java.util.concurrent.ForkJoinPool.common.threadFactory";

    private static volatile @Nullable ClassLoader current;

    private FunctionLoaders() {
    }

    /** Makes threads of the JDK's see functions' classes; before any other thread is started. */
    public static void install() {
        SharedLoader.install();
        try {
            Class<?> factory = Class.forName(PoolThreads.class.getName(), false, ClassLoader.getSystemClassLoader());
            System.setProperty(FACTORY, factory.getName());
        } catch (ClassNotFoundException _) {
            // The JDK could not find it either; its own threads see the worker's classes alone.
        }
    }

    static @Nullable ClassLoader current() {
        return current;
    }

    /** A function of {@code loader} runs from here on. */
    public static void enter(ClassLoader loader) {
        if (!loader.equals(current)) {
            current = loader;
            // The pool's timer has the loader of whoever wanted a timer first.
            each((thread, now) -> {
                if (thread instanceof ForkJoinWorkerThread worker && !(thread instanceof PoolThreads.Worker)
                        && ForkJoinPool.commonPool().equals(worker.getPool())) {
                    thread.setContextClassLoader(loader);
                }
            });
        }
    }

    /** The loader is let go: no thread keeps it. */
    public static void leave(ClassLoader loader) {
        if (loader.equals(current)) {
            current = null;
        }
        each((thread, now) -> {
            if (loader.equals(now)) {
                thread.setContextClassLoader(FunctionLoaders.class.getClassLoader());
            }
        });
    }

    private interface Action {
        void on(Thread thread, @Nullable ClassLoader now);
    }

    private static void each(Action action) {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        @Nullable
        Thread[] threads = new Thread[group.activeCount() * 2 + 16];
        int count = group.enumerate(threads, true);
        for (int i = 0; i < count; i++) {
            Thread thread = threads[i];
            if (thread != null && thread != Thread.currentThread()) {
                action.on(thread, thread.getContextClassLoader());
            }
        }
    }

    /** What a thread has set for itself, as long as the function runs for which it has. */
    static final class Own {

        private final WeakReference<ClassLoader> function;
        private final WeakReference<ClassLoader> loader;

        Own(@Nullable ClassLoader function, @Nullable ClassLoader loader) {
            this.function = new WeakReference<>(function);
            this.loader = new WeakReference<>(loader);
        }

        boolean holds() {
            ClassLoader of = function.get();
            return of != null && of.equals(current);
        }

        @Nullable
        ClassLoader loader() {
            return loader.get();
        }
    }
}
