package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.InstancePool.Instance;
import dev.wren.gateway.executor.InstancePool.State;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Looks after a pool now and then: ends what is overdue or nobody's, and launches and lets go by the depth of the queue
 * where that is wanted. One gateway does so at a time. Safe for use by several threads.
 */
final class PoolKeeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PoolKeeper.class);

    /** Looks of the keeper from one reading of the store to the next. */
    private static final int LOADS = 4;

    private final String name;
    private final StandaloneSettings settings;
    private final Pool pool;
    private final WorkQueue work;
    private final ObjectStore store;
    private final Clock clock;
    private final String self = UUID.randomUUID().toString();
    private final JsonMapper json = JsonMapper.shared();
    private final ScheduledExecutorService timer;
    private @Nullable String etag;
    private int looks;
    private Instant changedAt = Instant.EPOCH;
    private @Nullable String refused;

    PoolKeeper(String name, StandaloneSettings settings, Pool pool, WorkQueue work, ObjectStore store, Clock clock) {
        this.name = name;
        this.settings = settings;
        this.pool = pool;
        this.work = work;
        this.store = store;
        this.clock = clock;
        this.timer = Executors
                .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name(name + "-keeper").factory());
    }

    /** Who looks after the pool. */
    record Keeper(String owner, Instant until) {
    }

    void start() {
        var _ = timer.scheduleWithFixedDelay(this::look, 0, settings.lookEvery().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void look() {
        try {
            boolean keeper = isKeeper();
            // What the keeper writes is what the others know; what they have done, the keeper reads now and then.
            if (!keeper || looks++ % LOADS == 0) {
                pool.machines().load();
            }
            if (keeper) {
                pool.keep();
                if (settings.scaling().isOn()) {
                    scale();
                }
            }
        } catch (StoreException | SdkException e) {
            log.info("executor {}: the pool is looked after later: {}", name, e.getMessage());
        } catch (RuntimeException | Error e) {
            log.error("executor {}: the pool could not be looked after", name, e);
        }
    }

    /** Whether this gateway is, for now. Its time is over when it was not renewed for three looks. */
    boolean isKeeper() {
        String key = ObjectKeys.poolKeeper(settings.queue());
        Instant now = clock.instant();
        byte[] mine = json.writeValueAsBytes(new Keeper(self, now.plus(settings.lookEvery().multipliedBy(3))
                .plus(Duration.ofSeconds(5))));
        Optional<String> renewed = store.replace(key, mine, etag);
        if (renewed.isEmpty()) {
            ObjectStore.StoredObject there = store.get(key).orElse(null);
            Keeper keeper = there == null ? null : json.readValue(there.bytes(), Keeper.class);
            if (keeper != null && !keeper.owner.equals(self) && now.isBefore(keeper.until)) {
                etag = null;
                return false;
            }
            renewed = store.replace(key, mine, there == null ? null : there.etag());
        }
        etag = renewed.orElse(null);
        return etag != null;
    }

    /** As many instances as the calls want; slowly, and within bounds. */
    private void scale() {
        Instant now = clock.instant();
        StandaloneSettings.Scaling scaling = settings.scaling();
        if (now.isBefore(changedAt.plus(scaling.coolDown()))) {
            return;
        }
        List<Instance> there = pool.instances().stream()
                .filter(each -> each.id().startsWith(Machines.EC2_ID) && each.state() != State.TERMINATED
                        && each.state() != State.DRAINING)
                .toList();
        long calls = work.queue().depth();
        int wanted = Math.clamp((calls + scaling.targetCalls() - 1) / scaling.targetCalls(), scaling.min(),
                Math.max(scaling.min(), scaling.max()));
        if (wanted > there.size()) {
            changedAt = now;
            launch(wanted - there.size(), now);
        } else if (wanted < there.size()) {
            // The idlest go first, and none that has something to do.
            there.stream().filter(each -> each.idle() != null && each.running() == 0)
                    .sorted(Comparator
                            .comparing(Instance::idle, Comparator.nullsLast(Comparator.<Duration>naturalOrder()))
                            .reversed())
                    .limit(there.size() - wanted).forEach(each -> {
                        changedAt = now;
                        log.info("executor {}: the instance {} is let go: {} calls want {} instances", name, each.id(),
                                calls, wanted);
                        var _ = pool.drain(each.id());
                    });
        }
    }

    private void launch(int number, Instant now) {
        try {
            var _ = pool.launch(new InstancePool.Launch(number, null, null, null, null, null,
                    settings.scaling().spotPrice(), null, null, Map.of(), Sha256.hex(self + now)));
            refused = null;
        } catch (InstancePool.RefusedException | InstancePool.NotAllowedException e) {
            String said = String.valueOf(e.getMessage());
            if (!said.equals(refused)) {
                log.warn("executor {}: {} instances that the calls want cannot be launched: {}", name, number, said);
                refused = said;
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        try {
            boolean _ = timer.awaitTermination(settings.ec2Timeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
