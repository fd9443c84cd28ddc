package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Job;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;

/** Runs calls in warm child JVMs: one thread here for each call at once. Safe for use by several threads. */
final class LocalExecutor implements Executor {

    static final String KIND = "local";

    private static final Logger log = LoggerFactory.getLogger(LocalExecutor.class);
    private static final Duration TAKE = Duration.ofDays(1);
    private static final long MIN_HEAP_MB = 16;

    private final String name;
    private final LocalSettings settings;
    private final WorkerPool pool;
    private final WorkerInstall install;
    private final Clock clock;
    private final ScheduledThreadPoolExecutor timer;
    private final List<Thread> slots = new ArrayList<>();
    private final Set<ChunkRun> runs = ConcurrentHashMap.newKeySet();
    private final ReentrantLock running = new ReentrantLock();
    private final Condition ended = running.newCondition();
    /** Callsets that have JVMs for themselves. */
    private final Set<String> alone = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;
    /** Guarded by this. */
    private boolean closed;

    LocalExecutor(String name, LocalSettings settings, WorkerPool pool, WorkerInstall install, Clock clock) {
        this.name = name;
        this.settings = settings;
        this.pool = pool;
        this.install = install;
        this.clock = clock;
        this.timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name(name + "-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Readiness readiness() {
        return stopping ? Readiness.notReady("the gateway is shutting down") : Readiness.READY;
    }

    @Override
    public Map<String, Object> settings() {
        return Map.of("workers", settings.slots(), "processes", settings.maxProcesses(), "memory",
                settings.memory().toMegabytes() + "MB", "idleTimeout", settings.idleTimeout().toSeconds(),
                "overridable",
                settings.overridable().stream().sorted().toList());
    }

    @Override
    public Map<String, String> wrongOverrides(Map<String, Object> config) {
        Map<String, String> wrong = new TreeMap<>();
        config.forEach((key, value) -> {
            String why = wrong(key, value);
            if (why != null) {
                wrong.put(key, why);
            }
        });
        return wrong;
    }

    private @Nullable String wrong(String key, Object value) {
        if (!settings.overridable().contains(key)) {
            return "This setting may not be overridden; these may: " + settings.overridable() + ".";
        }
        try {
            if (value instanceof String text && DataSize.parse(text).toMegabytes() >= MIN_HEAP_MB
                    && DataSize.parse(text).compareTo(settings.memory()) <= 0) {
                return null;
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        return "A size such as \"256MB\", from " + MIN_HEAP_MB + "MB to the configured "
                + settings.memory().toMegabytes() + "MB.";
    }

    @Override
    public int chunkSize(long meanNanos, int waiting) {
        if (meanNanos == 0) {
            return 1;
        }
        long byTime = settings.chunkTime().toNanos() / meanNanos;
        // Towards the end the rest is shared, so that no worker is left without.
        long byShare = (waiting + 2L * settings.slots() - 1) / (2L * settings.slots());
        return (int) Math.max(1, Math.min(Math.min(byTime, byShare), settings.chunkMax()));
    }

    @Override
    public Duration allowance(int calls, Duration jobMaxRuntime) {
        // Each report moves it on: it is for the first of the calls.
        return settings.startTimeout().plus(settings.silence(jobMaxRuntime));
    }

    @Override
    public void start(WorkSource work, Reports reports) {
        Thread.ofPlatform().daemon().name(name + "-install").start(() -> {
            install.train();
            pool.makeSpare();
        });
        long reap = Math.max(100, settings.idleTimeout().toMillis() / 4);
        var _ = timer.scheduleWithFixedDelay(() -> pool.endIdle(null), reap, reap, TimeUnit.MILLISECONDS);
        for (int i = 1; i <= settings.slots(); i++) {
            slots.add(Thread.ofPlatform().daemon().name(name + "-slot-" + i).start(() -> serve(work)));
        }
    }

    private void serve(WorkSource work) {
        while (!stopping) {
            try {
                work.take(TAKE).ifPresent(this::run);
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException e) {
                log.error("executor {}: a chunk could not be taken", name, e);
            }
        }
    }

    private void run(Chunk chunk) {
        try (chunk) {
            acquireAndRun(chunk);
        } catch (RuntimeException e) {
            log.error("callset {}: a chunk failed", chunk.job().id(), e);
        }
    }

    private void acquireAndRun(Chunk chunk) {
        Job job = chunk.job();
        try {
            runOn(pool.acquire(RuntimeKey.of(job, settings), job.jars()), chunk);
        } catch (IOException e) {
            log.error("callset {}: {}", job.id(), e.getMessage());
            loseAll(chunk, String.valueOf(e.getMessage()));
        } catch (DamagedObjectException e) {
            log.error("callset {}: its jar or its data cannot be used: {}", job.id(), e.getMessage());
            failAll(chunk, "The jar or the datum could not be fetched: " + e.getMessage());
        } catch (StoreException e) {
            log.warn("callset {}: calls wait until the store answers: {}", job.id(), e.getMessage());
            chunk.postpone();
        }
    }

    private void runOn(WorkerProcess worker, Chunk chunk) {
        ChunkRun run = new ChunkRun(chunk, worker, settings, clock, timer);
        if (!chunk.job().settings().useCachedRuntime() && alone.add(chunk.job().id().text())) {
            String id = chunk.job().id().text();
            chunk.job().onEnd(() -> aside(() -> {
                alone.remove(id);
                pool.endIdle(id);
            }));
        }
        ChunkRun.End end = ChunkRun.End.USED_UP;
        runs.add(run);
        try {
            if (stopping) {
                for (int call : chunk.open()) {
                    chunk.giveBack(call);
                }
                return;
            }
            end = run.run();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            ended(run);
            switch (end) {
                case REUSABLE -> release(worker, chunk.job());
                case USED_UP -> pool.discard(worker);
            }
        }
    }

    private void aside(Runnable action) {
        try {
            timer.execute(action);
        } catch (RejectedExecutionException _) {
            log.debug("executor {}: stopped, and its JVMs with it", name);
        }
    }

    /** A JVM that is for one callset alone ends with it. */
    private void release(WorkerProcess worker, Job job) {
        pool.release(worker);
        if (!job.settings().useCachedRuntime() && job.isOver()) {
            pool.endIdle(job.id().text());
        }
    }

    private static void loseAll(Chunk chunk, String reason) {
        for (int call : chunk.open()) {
            chunk.lose(call, reason);
        }
    }

    private static void failAll(Chunk chunk, String message) {
        for (int call : chunk.open()) {
            chunk.report(new Report(call, chunk.attemptOf(call), chunk.send(),
                    new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, message)), null));
        }
    }

    private void awaitRuns(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        running.lock();
        try {
            while (!runs.isEmpty() && left > 0) {
                left = ended.awaitNanos(left);
            }
        } finally {
            running.unlock();
        }
    }

    private void ended(ChunkRun run) {
        running.lock();
        try {
            runs.remove(run);
            ended.signalAll();
        } finally {
            running.unlock();
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        stopping = true;
        try {
            awaitRuns(settings.stopTimeout());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        runs.forEach(ChunkRun::abort);
        slots.forEach(Thread::interrupt);
        for (Thread slot : slots) {
            try {
                slot.join(Duration.ofSeconds(10));
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        timer.shutdownNow();
        pool.close();
        install.close();
    }
}
