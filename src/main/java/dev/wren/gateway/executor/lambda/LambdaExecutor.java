package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.ReportsQueue.Sending;
import dev.wren.gateway.store.StoreException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Runs calls on AWS Lambda: sends chunks as invocations, and waits for the reports of their workers. Safe for use by
 * several threads.
 */
final class LambdaExecutor implements Executor {

    static final String KIND = "lambda";

    private static final Logger log = LoggerFactory.getLogger(LambdaExecutor.class);
    private static final Duration TAKE = Duration.ofDays(1);
    /** Between two looks at functions that are not ready, for those who send. */
    private static final Duration WAIT = Duration.ofSeconds(1);

    private final String name;
    private final LambdaSettings settings;
    private final LambdaClient client;
    private final LambdaFunctions functions;
    private final RemoteInvocations invocations;
    private final ReportsQueue queue;
    private final InFlight inFlight;
    private final Invoker invoker;
    /** Chunks whose reports are awaited, by the id of the request that has sent them. */
    private final Map<String, Chunk> byRequest = new ConcurrentHashMap<>();
    /** Chunks of before a restart that are not over. */
    private final Set<Chunk> resumed = ConcurrentHashMap.newKeySet();
    /** Whether the functions were ready once: since then their time limits are known. */
    private volatile boolean wasReady;
    private final ExecutorService senders;
    private final Set<Turn> turns = ConcurrentHashMap.newKeySet();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final ReportsQueue.Sent sent = this::sending;
    private final Object closing = new Object();
    private boolean closed;

    LambdaExecutor(String name, LambdaSettings settings, LambdaClient client, LambdaFunctions functions,
            RemoteInvocations invocations, ReportsQueue queue, Ticker ticker, MeterRegistry metrics) {
        this.name = name;
        this.settings = settings;
        this.client = client;
        this.functions = functions;
        this.invocations = invocations;
        this.queue = queue;
        Integer most = settings.maxInFlight();
        this.inFlight = new InFlight(most == null ? 1 : most);
        this.senders = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + "-sender-", 1).factory());
        SendRate rate = new SendRate(ticker, new Random());
        this.invoker = new Invoker(name, settings, client, functions, invocations, queue, rate, stopping, metrics);
        Gauge.builder("wren.lambda.calls", inFlight, InFlight::count).tag("executor", name)
                .description("calls that were invoked and have not ended").register(metrics);
        Gauge.builder("wren.lambda.rate", rate, SendRate::rate).tag("executor", name)
                .description("invocations a second that Lambda is taken to accept; +Inf: no limit was met")
                .register(metrics);
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
        if (stopping.getCount() == 0) {
            return Readiness.notReady("the gateway is shutting down");
        }
        if (!invocations.arePossible()) {
            return Readiness.notReady("workers on Lambda need a store on S3: set wren.store to s3://bucket/prefix");
        }
        try {
            queue.url();
        } catch (SdkException | IllegalStateException e) {
            return Readiness.notReady("the queue of reports cannot be used: " + e.getMessage());
        }
        return functions.readiness();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> shown = new TreeMap<>(Map.of("functions", settings.functions(), "invocationType",
                settings.isEvent() ? "event" : "request-response", "inlineData", settings.inlineData().toBytes(),
                "requests", settings.requests(), "startTimeout", settings.startTimeout().toSeconds(), "overridable",
                settings.overridable().stream().sorted().toList()));
        Integer most = settings.maxInFlight();
        if (most != null) {
            shown.put("maxInFlight", most);
        }
        return shown;
    }

    @Override
    public Map<String, String> wrongOverrides(Map<String, Object> config) {
        Map<String, String> all = new TreeMap<>();
        config.forEach((key, value) -> wrong(key, value).ifPresent(why -> all.put(key, why)));
        return all;
    }

    private Optional<String> wrong(String key, Object value) {
        if (!settings.overridable().contains(key)) {
            return Optional.of("This setting may not be overridden; these may: " + settings.overridable() + ".");
        }
        try {
            if (value instanceof String text && DataSize.parse(text).toMegabytes() >= 1) {
                return functions.least(DataSize.parse(text).toMegabytes()).isPresent()
                        ? Optional.empty()
                        : Optional.of("No function has so much memory.");
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        return Optional.of("A size such as \"2GB\".");
    }

    @Override
    public Optional<Duration> longestRun(Map<String, Object> config) {
        return functions.of(config).stream().map(LambdaFunctions.Function::timeout).min(Duration::compareTo);
    }

    @Override
    public int chunkSize(long meanNanos, int waiting) {
        return 1;
    }

    @Override
    public Duration allowance(int calls, Duration jobMaxRuntime) {
        return settings.startTimeout().plus(functions.longestTimeout()).plus(settings.grace());
    }

    @Override
    public boolean outlivesGateway() {
        return settings.isEvent();
    }

    @Override
    public boolean isFar() {
        return true;
    }

    @Override
    public Optional<DataLimits> dataLimits() {
        return Optional.of(new DataLimits(settings.inlineData().toBytes(), settings.chunkData().toBytes()));
    }

    @Override
    public void start(WorkSource work, Reports reports) {
        Thread.ofVirtual().name(name + "-start").start(() -> {
            try {
                awaitReady(reports);
                for (int i = 0; i < settings.requests(); i++) {
                    senders.execute(() -> serve(work));
                }
            } catch (InterruptedException | RejectedExecutionException _) {
                log.debug("executor {}: stopped before it was ready", name);
            }
        });
    }

    /** A start of the gateway waits for nobody: what is not ready yet is looked at until it is. */
    private void awaitReady(Reports reports) throws InterruptedException {
        boolean receiving = false;
        while (stopping.getCount() > 0) {
            Readiness now = readiness();
            if (!receiving && invocations.arePossible() && isQueueThere()) {
                // What was sent by an earlier start is awaited, whether more can be sent or not.
                queue.start(reports, sent);
                receiving = true;
            }
            if (now.ready()) {
                if (settings.maxInFlight() == null) {
                    inFlight.limit(functions.concurrency());
                }
                wasReady = true;
                resumed.forEach(Chunk::allowAnew);
                return;
            }
            if (stopping.await(WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        }
    }

    private boolean isQueueThere() {
        try {
            return !queue.url().isEmpty();
        } catch (SdkException | IllegalStateException _) {
            return false;
        }
    }

    private void serve(WorkSource work) {
        Turn turn = new Turn(Thread.currentThread());
        // Before it is looked whether the executor stops: so it is seen there, or sees it here.
        turns.add(turn);
        while (stopping.getCount() > 0) {
            boolean entered = false;
            try {
                if (!functions.readiness().ready()) {
                    boolean _ = stopping.await(WAIT.toNanos(), TimeUnit.NANOSECONDS);
                    continue;
                }
                inFlight.enter();
                entered = true;
                Optional<Chunk> chunk = work.take(TAKE);
                if (chunk.isPresent()) {
                    entered = false;
                    send(chunk.get(), turn);
                }
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException e) {
                log.error("executor {}: a chunk could not be taken", name, e);
            } finally {
                if (entered) {
                    inFlight.giveUp();
                }
            }
        }
    }

    /** A place in flight was kept for it. */
    private void send(Chunk chunk, Turn turn) {
        int size = chunk.size();
        inFlight.begin(size);
        chunk.onClosed(() -> inFlight.leave(size));
        try (chunk) {
            Optional<String> request = invoker.send(chunk, turn);
            if (request.isPresent()) {
                String id = request.get();
                byRequest.put(id, chunk);
                chunk.onClosed(() -> byRequest.remove(id));
                chunk.detach();
            }
        } catch (StoreException e) {
            log.warn("callset {}: calls wait until the store answers: {}", chunk.job().id(), e.getMessage());
            chunk.postpone();
        } catch (RuntimeException e) {
            log.error("callset {}: a chunk failed", chunk.job().id(), e);
            chunk.postpone();
        }
    }

    private Optional<Sending> sending(String requestId) {
        return Optional.ofNullable(byRequest.get(requestId))
                .map(chunk -> new Sending(chunk.job().id(), chunk.send(), chunk.open()));
    }

    /**
     * It has a place in flight, like what is sent now. Until the functions were seen it is awaited as long as Lambda lets
     * any function run.
     */
    @Override
    public void resume(Chunk chunk) {
        int size = chunk.size();
        inFlight.add(size);
        chunk.onClosed(() -> inFlight.leave(size));
        resumed.add(chunk);
        chunk.onClosed(() -> resumed.remove(chunk));
        if (wasReady) {
            chunk.allowAnew();
        }
    }

    /** Lets what is being sent get its answer; what waits to be sent is given back. */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closed = true;
        }
        stopping.countDown();
        senders.shutdown();
        turns.forEach(Turn::interrupt);
        try {
            Duration most = settings.requestTimeout().plusSeconds(1);
            if (!senders.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS)) {
                log.warn("executor {}: what is being sent is not waited for any longer than {} s", name,
                        most.toSeconds());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        queue.stop(sent);
        client.close();
    }
}
