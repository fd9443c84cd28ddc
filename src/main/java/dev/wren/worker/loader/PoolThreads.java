package dev.wren.worker.loader;

import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import org.jspecify.annotations.Nullable;

/** Makes the threads of the common pool, whose context class loader is that of the function that runs. */
public final class PoolThreads implements ForkJoinPool.ForkJoinWorkerThreadFactory {

    /** Called by the JDK, by its name. */
    public PoolThreads() {
        // There is nothing to set.
    }

    @Override
    public ForkJoinWorkerThread newThread(ForkJoinPool pool) {
        return new Worker(pool);
    }

    static final class Worker extends ForkJoinWorkerThread {

        private volatile FunctionLoaders.@Nullable Own own;

        Worker(ForkJoinPool pool) {
            super(null, pool, true);
        }

        @Override
        public @Nullable ClassLoader getContextClassLoader() {
            FunctionLoaders.Own set = own;
            if (set != null && set.holds()) {
                return set.loader();
            }
            ClassLoader function = FunctionLoaders.current();
            return function != null ? function : PoolThreads.class.getClassLoader();
        }

        @Override
        public void setContextClassLoader(@Nullable ClassLoader loader) {
            own = new FunctionLoaders.Own(FunctionLoaders.current(), loader);
        }
    }
}
