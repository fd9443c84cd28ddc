package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.gateway.executor.remote.InFlight;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.ReportsQueue.Sending;
import dev.wren.gateway.executor.remote.Senders;
import dev.wren.gateway.executor.remote.Turn;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.springframework.util.unit.DataSize;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Runs calls on AWS Lambda: sends chunks as invocations, and waits for the reports of their workers. Safe for use by
 * several threads.
 */
final class LambdaExecutor implements Executor {

    static final String KIND = "lambda";

    private final String name;
    private final LambdaSettings settings;
    private final LambdaClient client;
    private final LambdaFunctions functions;
    private final InFlight inFlight;
    private final Invoker invoker;
    /** Chunks whose reports are awaited, by the id of the request that has sent them. */
    private final Map<String, Chunk> byRequest = new ConcurrentHashMap<>();
    /** Chunks of before a restart that are not over. */
    private final Set<Chunk> resumed = ConcurrentHashMap.newKeySet();
    /** Whether the functions were ready once: since then their time limits are known. */
    private volatile boolean wasReady;
    private final Senders senders;

    LambdaExecutor(String name, LambdaSettings settings, LambdaClient client, LambdaFunctions functions,
            RemoteInvocations invocations, ReportsQueue queue, Ticker ticker, MeterRegistry metrics) {
        this.name = name;
        this.settings = settings;
        this.client = client;
        this.functions = functions;
        Integer most = settings.maxInFlight();
        this.inFlight = new InFlight(most == null ? 1 : most);
        this.senders = new Senders(name, settings.requests(), 1, inFlight, invocations, queue, this::sending);
        SendRate rate = new SendRate(ticker, new Random());
        this.invoker = new Invoker(name, settings, client, functions, invocations, queue, rate, senders, metrics);
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
        try {
            return senders.trouble().orElseGet(functions::readiness);
        } catch (IllegalStateException | RejectedExecutionException e) {
            // Its client was closed under it, if the gateway is shutting down.
            return senders.trouble().orElseThrow(() -> e);
        }
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
        senders.start(work, reports, new Senders.Way() {
            @Override
            public Readiness readiness() {
                return LambdaExecutor.this.readiness();
            }

            @Override
            public void ready() {
                if (settings.maxInFlight() == null) {
                    inFlight.limit(functions.concurrency());
                }
                wasReady = true;
                resumed.forEach(Chunk::allowAnew);
            }

            @Override
            public void send(List<Chunk> chunks, Turn turn) {
                chunks.forEach(chunk -> LambdaExecutor.this.send(chunk, turn));
            }
        });
    }

    private void send(Chunk chunk, Turn turn) {
        Optional<String> request = invoker.send(chunk, turn);
        if (request.isPresent()) {
            String id = request.get();
            byRequest.put(id, chunk);
            chunk.onClosed(() -> byRequest.remove(id));
            chunk.detach();
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
        inFlight.add(chunk);
        resumed.add(chunk);
        chunk.onClosed(() -> resumed.remove(chunk));
        if (wasReady) {
            chunk.allowAnew();
        }
    }

    @Override
    public void close() {
        if (senders.close(settings.requestTimeout().plusSeconds(1))) {
            client.close();
        }
    }
}
