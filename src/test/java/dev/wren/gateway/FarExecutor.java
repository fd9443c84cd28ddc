package dev.wren.gateway;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.SettingsSource;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Output;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.springframework.context.support.GenericApplicationContext;
import tools.jackson.databind.json.JsonMapper;

/**
 * An executor whose workers are far away, as the kind {@code far}: they outlive the gateway, and their reports come late,
 * twice, in any order, or never. It runs the function {@code fn.Mixed}, whatever handler is asked for.
 */
final class FarExecutor implements ExecutorKind, AutoCloseable {

    private static final int MAX_IN_FLIGHT = 200;

    private final ScheduledExecutorService network = Executors.newScheduledThreadPool(2);
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final AtomicReference<Reports> gateway = new AtomicReference<>();
    private final Random random = new Random(16);
    private final Set<String> lost = ConcurrentHashMap.newKeySet();
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    private final Semaphore inFlight = new Semaphore(MAX_IN_FLIGHT);
    private final Method function;
    private volatile Duration allowance = Duration.ofMinutes(2);
    private volatile boolean connected = true;

    FarExecutor() {
        try {
            URLClassLoader jar = new URLClassLoader(new URL[]{RunningGateway.FUNCTIONS.toUri().toURL()});
            function = jar.loadClass("fn.Mixed").getMethod("behave", String.class);
        } catch (ReflectiveOperationException | MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Adds the kind to a gateway. */
    void in(GenericApplicationContext context) {
        context.registerBean("farExecutor", ExecutorKind.class, () -> this, bean -> bean.setDestroyMethodName(""));
    }

    /** Within which time something must be heard of a chunk. */
    void allowance(Duration now) {
        allowance = now;
    }

    /** Whether reports come through. */
    void connected(boolean now) {
        connected = now;
    }

    /** How often functions were run. */
    int runs() {
        return runs.get();
    }

    /** Chunks that were sent and have not ended. */
    int inFlight() {
        return sent.get();
    }

    @Override
    public String kind() {
        return "far";
    }

    /** What was sent: nothing of the chunk itself is kept. */
    private record Sent(CallsetId callset, int call, int attempt, long send, String datum, Duration maxRuntime) {
    }

    private void send(Chunk chunk) {
        List<Sent> sent = IntStream.range(0, chunk.size())
                .mapToObj(i -> new Sent(chunk.job().id(), chunk.call(i), chunk.attempt(i), chunk.send(),
                        JsonMapper.shared().readValue(chunk.datum(i), String.class),
                        chunk.job().settings().jobMaxRuntime()))
                .toList();
        sent.forEach(each -> later(() -> workers.execute(() -> {
            try {
                run(each);
            } catch (RejectedExecutionException _) {
                // Closed meanwhile. Thrown on, it would fail whatever test waits at the moment.
            }
        })));
    }

    private void later(Runnable action) {
        int millis;
        synchronized (random) {
            millis = random.nextInt(30);
        }
        network.schedule(action, millis, TimeUnit.MILLISECONDS);
    }

    private void run(Sent sent) {
        runs.incrementAndGet();
        Instant start = Instant.now();
        Outcome outcome = outcome(sent);
        if (sent.datum.startsWith("text lost") && lost.add(sent.callset + " " + sent.call)) {
            // It has run, and nobody hears of it.
            return;
        }
        Report report = new Report(sent.call, sent.attempt, sent.send, outcome,
                new Report.Status(ChronoUnit.MICROS.between(Instant.EPOCH, start),
                        Duration.between(start, Instant.now()).toNanos(), 0, false, "far-1", Output.NONE, null));
        boolean twice;
        synchronized (random) {
            twice = random.nextInt(4) == 0;
        }
        later(() -> deliver(sent.callset, report));
        if (twice) {
            later(() -> deliver(sent.callset, report));
        }
    }

    /** As a queue does it: again, until somebody says that it has it. */
    private void deliver(CallsetId callset, Report report) {
        Reports now = gateway.get();
        if (now == null || !connected) {
            later(() -> deliver(callset, report));
            return;
        }
        now.accept(callset, report);
    }

    private Outcome outcome(Sent sent) {
        Future<Object> result = workers.submit(() -> {
            try {
                return function.invoke(null, sent.datum);
            } catch (InvocationTargetException e) {
                return e.getCause();
            }
        });
        try {
            Object value = result.get(sent.maxRuntime.toMillis(), TimeUnit.MILLISECONDS);
            return value instanceof Throwable thrown
                    ? new Outcome.Failure(new CallError(ErrorCode.FUNCTION, thrown.getClass().getName(),
                            String.valueOf(thrown.getMessage()), "at"))
                    : new Outcome.Success(new Value.Inline(JsonMapper.shared().writeValueAsBytes(value)));
        } catch (TimeoutException e) {
            result.cancel(true);
            return new Outcome.Failure(CallError.of(ErrorCode.OUTATIME, "over its time"));
        } catch (ExecutionException e) {
            return new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            throw new RejectedExecutionException("closed", e);
        }
    }

    @Override
    public Executor create(String name, SettingsSource settings) {
        return new Executor() {

            private volatile boolean stopping;
            private Thread taking = Thread.currentThread();

            @Override
            public String name() {
                return name;
            }

            @Override
            public String kind() {
                return "far";
            }

            @Override
            public Readiness readiness() {
                return Readiness.READY;
            }

            @Override
            public Map<String, Object> settings() {
                return Map.of();
            }

            @Override
            public Map<String, String> wrongOverrides(Map<String, Object> config) {
                return config.isEmpty() ? Map.of() : Map.of(config.keySet().iterator().next(), "There is none.");
            }

            @Override
            public int chunkSize(long meanNanos, int waiting) {
                return 1;
            }

            @Override
            public Duration allowance(int calls, Duration jobMaxRuntime) {
                return allowance;
            }

            @Override
            public boolean outlivesGateway() {
                return true;
            }

            @Override
            public void start(WorkSource work, Reports reports) {
                gateway.set(reports);
                taking = Thread.ofPlatform().daemon().name(name + "-take").start(() -> {
                    try {
                        while (!stopping) {
                            inFlight.acquire();
                            work.take(Duration.ofDays(1)).ifPresentOrElse(this::take, inFlight::release);
                        }
                    } catch (InterruptedException e) {
                        inFlight.release();
                    }
                });
            }

            private void take(Chunk chunk) {
                count(chunk);
                send(chunk);
                chunk.detach();
            }

            @Override
            public void resume(Chunk chunk) {
                inFlight.acquireUninterruptibly();
                count(chunk);
            }

            private void count(Chunk chunk) {
                sent.incrementAndGet();
                chunk.onClosed(() -> {
                    sent.decrementAndGet();
                    inFlight.release();
                });
            }

            @Override
            public void close() {
                if (!stopping) {
                    stopping = true;
                    gateway.set(null);
                    taking.interrupt();
                    try {
                        taking.join();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    // What is in flight is in nobody's hands now.
                    sent.set(0);
                    inFlight.drainPermits();
                    inFlight.release(MAX_IN_FLIGHT);
                }
            }
        };
    }

    @Override
    public void close() {
        network.shutdownNow();
        workers.shutdownNow();
    }
}
