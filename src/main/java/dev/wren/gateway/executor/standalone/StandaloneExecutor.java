package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.gateway.executor.remote.InFlight;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.Senders;
import dev.wren.gateway.executor.remote.SqsQueue;
import dev.wren.gateway.executor.remote.SqsQueue.Letter;
import dev.wren.gateway.executor.remote.Turn;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Runs calls on a pool of machines: chunks are messages of a queue that they take from, and their reports are awaited. Safe
 * for use by several threads.
 */
final class StandaloneExecutor implements Executor {

    static final String KIND = "standalone";

    private static final Logger log = LoggerFactory.getLogger(StandaloneExecutor.class);
    /** A message is held for twelve hours at most; what a call takes besides its run is to fit as well. */
    private static final Duration LONGEST_RUN = Duration.ofHours(11);
    /** Bytes of a message, and of a batch, that SQS takes. */
    private static final int MOST = 1 << 20;

    private final String name;
    private final StandaloneSettings settings;
    private final WorkQueue work;
    private final Pool pool;
    private final Fleet fleet;
    private final PoolKeeper keeper;
    private final RemoteInvocations invocations;
    private final ReportsQueue reports;
    private final InFlight inFlight;
    private final Senders senders;
    private final MeterRegistry metrics;

    StandaloneExecutor(String name, StandaloneSettings settings, WorkQueue work, Pool pool, Fleet fleet,
            PoolKeeper keeper,
            RemoteInvocations invocations, ReportsQueue reports, MeterRegistry metrics) {
        this.name = name;
        this.settings = settings;
        this.work = work;
        this.pool = pool;
        this.fleet = fleet;
        this.keeper = keeper;
        this.invocations = invocations;
        this.reports = reports;
        this.metrics = metrics;
        this.inFlight = new InFlight(settings.maxInFlight());
        this.senders = new Senders(name, settings.requests(), SqsQueue.MOST, inFlight, invocations, reports,
                _ -> Optional.empty());
        Gauge.builder("wren.standalone.calls", inFlight, InFlight::count).tag("executor", name)
                .description("calls that were sent to a pool and have not ended").register(metrics);
        for (InstancePool.State state : InstancePool.State.values()) {
            Gauge.builder("wren.instances", pool, of -> of.count(state)).tag("executor", name)
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .description("machines of a pool, as they were seen last").register(metrics);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return KIND;
    }

    /** A pool without machines is ready: they may come. */
    @Override
    public Readiness readiness() {
        return senders.trouble().orElseGet(() -> {
            try {
                String _ = work.url();
                return Readiness.READY;
            } catch (SdkException e) {
                return Readiness.notReady("the queue of work cannot be used: " + e.getMessage());
            }
        });
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> shown = new TreeMap<>(Map.of("queue", settings.queue(), "maxInFlight",
                settings.maxInFlight(), "inlineData", settings.inlineData().toBytes(), "startTimeout",
                settings.startTimeout().toSeconds(), "visibility", settings.visibility().toSeconds(), "ec2",
                settings.ec2()));
        if (settings.ec2()) {
            shown.putAll(Map.of("launchTemplate", settings.launchTemplate(), "instanceType", settings.instanceType(),
                    "maxIdleTime", settings.maxIdleTime().toSeconds(), "idleTerminateGranularity",
                    settings.idleTerminateGranularity().toSeconds(), "maxInstances", settings.maxInstances()));
            if (settings.scaling().isOn()) {
                shown.put("scaling", Map.of("min", settings.scaling().min(), "max", settings.scaling().max(),
                        "targetCalls", settings.scaling().targetCalls()));
            }
        }
        return shown;
    }

    @Override
    public Map<String, String> wrongOverrides(Map<String, Object> config) {
        Map<String, String> wrong = new TreeMap<>();
        config.keySet().forEach(key -> wrong.put(key, "This executor has no setting that a map may override."));
        return wrong;
    }

    @Override
    public Optional<Duration> longestRun(Map<String, Object> config) {
        return Optional.of(LONGEST_RUN);
    }

    @Override
    public int chunkSize(long meanNanos, int waiting) {
        return 1;
    }

    /** A message that its machine did not survive is run again from its start, once the others have let it go. */
    @Override
    public Duration allowance(int calls, Duration jobMaxRuntime) {
        return settings.startTimeout().plus(jobMaxRuntime.multipliedBy(calls)).plus(settings.visibility())
                .plus(settings.grace());
    }

    @Override
    public boolean outlivesGateway() {
        return true;
    }

    @Override
    public Optional<DataLimits> dataLimits() {
        return Optional.of(new DataLimits(settings.inlineData().toBytes(), settings.chunkData().toBytes()));
    }

    @Override
    public Optional<InstancePool> pool() {
        return Optional.of(pool);
    }

    @Override
    public void start(WorkSource from, Reports to) {
        reports.hear(pool::heard);
        senders.start(from, to, new Senders.Way() {
            @Override
            public Readiness readiness() {
                return StandaloneExecutor.this.readiness();
            }

            @Override
            public void ready() {
                keeper.start();
            }

            @Override
            public void send(List<Chunk> chunks, Turn turn) {
                StandaloneExecutor.this.send(chunks, turn);
            }
        });
    }

    /** A chunk as a message. */
    private record Written(Chunk chunk, Letter letter) {
    }

    private void send(List<Chunk> chunks, Turn turn) {
        List<Written> batch = new ArrayList<>();
        int size = 0;
        for (Chunk chunk : chunks) {
            Optional<Written> written = write(chunk);
            if (written.isPresent()) {
                if (size + written.get().letter.size() > MOST) {
                    deliver(batch, turn);
                    batch.clear();
                    size = 0;
                }
                batch.add(written.get());
                size += written.get().letter.size();
            }
        }
        deliver(batch, turn);
    }

    /** Nothing if it is not to be sent; then the chunk has been dealt with. */
    private Optional<Written> write(Chunk chunk) {
        if (RemoteInvocations.isUnwanted(chunk)) {
            RemoteInvocations.giveBack(chunk);
            return Optional.empty();
        }
        Duration allowance = chunk.allowance();
        chunk.heard(allowance);
        byte[] payload = invocations.make(chunk, reports.url(chunk.job().id()), allowance, false).toJson();
        if (payload.length > MOST) {
            RemoteInvocations.tooLarge(chunk, payload.length, MOST);
            return Optional.empty();
        }
        return Optional.of(new Written(chunk, new Letter(new String(payload, StandardCharsets.US_ASCII),
                chunk.job().tenant() + ":" + chunk.job().id())));
    }

    /** What is not taken waits a while, as for a store that does not answer. */
    private void deliver(List<Written> batch, Turn turn) {
        if (batch.isEmpty()) {
            return;
        }
        Timer.Sample sample = Timer.start(metrics);
        String outcome = "failed";
        try {
            turn.begin();
            List<Letter> refused;
            try {
                refused = work.queue().send(batch.stream().map(Written::letter).toList());
            } finally {
                turn.end();
            }
            outcome = refused.isEmpty() ? "accepted" : "refused";
            batch.forEach(each -> {
                if (refused.contains(each.letter)) {
                    each.chunk.postpone();
                } else {
                    each.chunk.detach();
                }
            });
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            batch.forEach(each -> RemoteInvocations.giveBack(each.chunk));
        } catch (SdkException e) {
            // What was sent all the same may run: then it is reported, and the second one is dropped.
            log.warn("executor {}: the queue of work does not take {} chunks, which wait: {}", name, batch.size(),
                    e.getMessage());
            batch.forEach(each -> each.chunk.postpone());
        } finally {
            sample.stop(Timer.builder("wren.standalone.send")
                    .description("requests that send chunks to a pool, and what they came to")
                    .tag("executor", name).tag("outcome", outcome).register(metrics));
        }
    }

    @Override
    public void resume(Chunk chunk) {
        inFlight.add(chunk);
    }

    @Override
    public void close() {
        if (senders.close(settings.requestTimeout().plusSeconds(1))) {
            keeper.close();
            fleet.close();
            work.close();
        }
    }
}
