package dev.wren.gateway.executor.local;

import dev.wren.gateway.files.ProcessFolder;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.jar.LocalJars;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.protocol.Frame;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker JVMs of one local executor: bounded in number, kept warm for their key, one spare that is for nobody yet,
 * ended when idle. Safe for use by several threads.
 */
final class WorkerPool implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    private final String name;
    private final LocalSettings settings;
    private final WorkerInstall install;
    private final ProcessFolder folder;
    private final Jars jars;
    private final Clock clock;
    private final Counter started;
    private final AtomicInteger numbers = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    /** Idle JVMs, and since when; longest idle first. */
    private final Map<WorkerProcess, Instant> idle = new LinkedHashMap<>();
    private @Nullable WorkerProcess spare;
    private boolean makingSpare;
    private int busy;
    private boolean closed;

    WorkerPool(String name, LocalSettings settings, WorkerInstall install, ProcessFolder folder, Jars jars, Clock clock,
            MeterRegistry metrics) {
        this.name = name;
        this.settings = settings;
        this.install = install;
        this.folder = folder;
        this.jars = jars;
        this.clock = clock;
        this.started = Counter.builder("wren.worker.jvms.started")
                .description("worker JVMs started")
                .tag("executor", name)
                .register(metrics);
        gauge(metrics, "busy", pool -> pool.busy);
        gauge(metrics, "idle", pool -> pool.idle.size());
        gauge(metrics, "spare", pool -> pool.spare == null ? 0 : 1);
    }

    private void gauge(MeterRegistry metrics, String state, ToIntFunction<WorkerPool> value) {
        Gauge.builder("wren.worker.jvms", this, pool -> {
            pool.lock.lock();
            try {
                return value.applyAsInt(pool);
            } finally {
                pool.lock.unlock();
            }
        }).description("worker JVMs alive").tag("executor", name).tag("state", state).register(metrics);
    }

    /**
     * A worker for {@code key}: a warm one, the spare one, or a new one.
     *
     * @throws IOException when a JVM does not start
     * @throws dev.wren.gateway.store.StoreException when the jar cannot be had now
     */
    WorkerProcess acquire(RuntimeKey key, List<PinnedJar> classPath) throws IOException {
        WorkerProcess worker = takeWarm(key);
        if (worker != null) {
            return worker;
        }
        LocalJars files = null;
        boolean ready = false;
        try {
            // Before a JVM is started: a store that does not answer is no fault of a worker.
            files = jars.localFiles(classPath);
            worker = key.takesSpare(settings) ? takeSpare() : null;
            if (worker == null) {
                worker = start(key.environment(), key);
            }
            worker.assign(key, files);
            ready = true;
            return worker;
        } finally {
            if (!ready) {
                freed();
                if (files != null) {
                    files.close();
                }
                if (worker != null) {
                    worker.close();
                }
            }
        }
    }

    private @Nullable WorkerProcess takeWarm(RuntimeKey key) {
        List<WorkerProcess> ending = new ArrayList<>();
        try {
            lock.lock();
            try {
                busy++;
                for (Iterator<WorkerProcess> each = idle.keySet().iterator(); each.hasNext();) {
                    WorkerProcess worker = each.next();
                    if (!worker.isAlive()) {
                        each.remove();
                        ending.add(worker);
                    } else if (key.equals(worker.key())) {
                        each.remove();
                        return worker;
                    }
                }
                while (busy + idle.size() > settings.maxProcesses() && !idle.isEmpty()) {
                    WorkerProcess oldest = idle.keySet().iterator().next();
                    idle.remove(oldest);
                    ending.add(oldest);
                }
                return null;
            } finally {
                lock.unlock();
            }
        } finally {
            ending.forEach(WorkerProcess::close);
        }
    }

    private @Nullable WorkerProcess takeSpare() {
        WorkerProcess taken;
        lock.lock();
        try {
            taken = spare;
            spare = null;
        } finally {
            lock.unlock();
        }
        makeSpare();
        return taken != null && taken.isAlive() ? taken : null;
    }

    /** Starts a spare JVM in the background, where there is none. */
    void makeSpare() {
        lock.lock();
        try {
            if (!settings.spare() || closed || makingSpare || spare != null) {
                return;
            }
            makingSpare = true;
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name(name + "-spare").start(() -> {
            WorkerProcess made = null;
            try {
                made = start(Map.of(), null);
            } catch (IOException | RuntimeException e) {
                log.warn("no spare worker: {}", e.getMessage());
            }
            lock.lock();
            try {
                makingSpare = false;
                if (!closed) {
                    spare = made;
                    made = null;
                }
            } finally {
                lock.unlock();
            }
            if (made != null) {
                made.close();
            }
        });
    }

    private WorkerProcess start(Map<String, String> more, @Nullable RuntimeKey key) throws IOException {
        String id = name + "-" + numbers.incrementAndGet();
        Map<String, String> environment = new HashMap<>();
        for (String variable : settings.environment()) {
            String value = System.getenv(variable);
            if (value != null) {
                environment.put(variable, value);
            }
        }
        environment.putAll(more);
        long heap = (key == null ? settings.memory() : key.memory()).toMegabytes();
        List<String> options = new ArrayList<>(List.of("-Xmx" + heap + "m",
                "-XX:ErrorFile=" + folder.path().resolve(id).resolve("hs_err.log")));
        options.addAll(settings.jvmArguments());
        WorkerProcess worker = WorkerProcess.start(install.command(options), folder.path().resolve(id), environment,
                key == null ? null : key.user(),
                new Frame.WorkerSettings(id, (int) settings.inlineLimit().toBytes(),
                        (int) settings.resultLimit().toBytes(), (int) settings.excerptLimit().toBytes(),
                        (int) settings.logLimit().toBytes(), settings.nestingLimit()),
                settings.startTimeout());
        started.increment();
        return worker;
    }

    /** Takes a worker back, to be used again. */
    void release(WorkerProcess worker) {
        boolean keep;
        lock.lock();
        try {
            busy--;
            keep = !closed && worker.isAlive();
            if (keep) {
                idle.put(worker, clock.instant());
            }
        } finally {
            lock.unlock();
        }
        if (!keep) {
            worker.close();
        }
    }

    /** Takes a worker back that is not to be used again. */
    void discard(WorkerProcess worker) {
        freed();
        worker.close();
    }

    private void freed() {
        lock.lock();
        try {
            busy--;
        } finally {
            lock.unlock();
        }
    }

    /** Ends JVMs that were idle for too long, and those kept for {@code callset} alone. */
    void endIdle(@Nullable String callset) {
        Instant limit = clock.instant().minus(settings.idleTimeout());
        List<WorkerProcess> ending = new ArrayList<>();
        lock.lock();
        try {
            idle.entrySet().removeIf(entry -> {
                RuntimeKey key = entry.getKey().key();
                boolean end = callset == null
                        ? entry.getValue().isBefore(limit)
                        : key != null && callset.equals(key.callset());
                if (end) {
                    ending.add(entry.getKey());
                }
                return end;
            });
        } finally {
            lock.unlock();
        }
        ending.forEach(WorkerProcess::close);
    }

    @Override
    public void close() {
        List<WorkerProcess> ending;
        lock.lock();
        try {
            closed = true;
            ending = new ArrayList<>(idle.keySet());
            idle.clear();
            if (spare != null) {
                ending.add(spare);
                spare = null;
            }
        } finally {
            lock.unlock();
        }
        ending.forEach(WorkerProcess::close);
        folder.close();
    }
}
