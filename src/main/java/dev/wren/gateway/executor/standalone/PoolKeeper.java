package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.InstancePool.Instance;
import dev.wren.gateway.executor.InstancePool.State;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.Sha256;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Looks after a pool now and then: ends what is overdue or nobody's, and launches and lets go by the depth of the queue
 * where that is wanted. One gateway does so at a time: the one that drives the first shard. Safe for use by several threads.
 */
final class PoolKeeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PoolKeeper.class);

    private final String name;
    private final StandaloneSettings settings;
    private final Pool pool;
    private final WorkQueue work;
    private final HeldShards shards;
    private final Clock clock;
    private final String self = UUID.randomUUID().toString();
    private final ScheduledExecutorService timer;
    /** Whether it is known what whoever looked after the pool before has written. */
    private volatile boolean known;
    private Instant changedAt = Instant.EPOCH;
    private @Nullable String refused;

    PoolKeeper(String name, StandaloneSettings settings, Pool pool, WorkQueue work, HeldShards shards, Clock clock) {
        this.name = name;
        this.settings = settings;
        this.pool = pool;
        this.work = work;
        this.shards = shards;
        this.clock = clock;
        this.timer = Executors
                .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name(name + "-keeper").factory());
    }

    void start() {
        shards.listen((shard, isHere) -> {
            if (shard == HeldShards.COMMON) {
                known = false;
                if (isHere) {
                    soon();
                }
            }
        });
        var _ = timer.scheduleWithFixedDelay(this::look, 0, settings.lookEvery().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void soon() {
        try {
            timer.execute(this::look);
        } catch (RejectedExecutionException _) {
            // Stopped.
        }
    }

    private void look() {
        try {
            if (!shards.drives(HeldShards.COMMON)) {
                known = false;
                return;
            }
            if (!known) {
                pool.machines().load();
                known = true;
            }
            pool.keep();
            if (settings.scaling().isOn()) {
                scale();
            }
        } catch (StoreException | SdkException e) {
            log.info("executor {}: the pool is looked after later: {}", name, e.getMessage());
        } catch (RuntimeException | Error e) {
            log.error("executor {}: the pool could not be looked after", name, e);
        }
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
