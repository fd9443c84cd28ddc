package dev.wren.gateway.shard;

import dev.wren.gateway.store.StoreFormat;
import dev.wren.protocol.CallsetId;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.random.RandomGenerator;
import org.springframework.stereotype.Component;

/**
 * The shards that this gateway drives: those that it holds, and whose open callsets it knows. Safe for use by several
 * threads.
 */
@Component
public final class HeldShards {

    /** Whoever drives this one looks after what is of no callset alone: jars, idempotency keys, pools. */
    public static final int COMMON = 0;

    private final int count;
    private final Gateways gateways;
    /** 1 for each that is driven here. */
    private final AtomicIntegerArray here;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final RandomGenerator random = new Random();

    public HeldShards(StoreFormat format, Gateways gateways, MeterRegistry metrics) {
        this.count = format.shards();
        this.gateways = gateways;
        this.here = new AtomicIntegerArray(count);
        Gauge.builder("wren.gateways", gateways, all -> all.others().size() + 1)
                .description("gateways that use the store, as far as this one knows").register(metrics);
        Gauge.builder("wren.shards", here, all -> all().size())
                .description("shards whose callsets this gateway drives").register(metrics);
    }

    /** Hears of shards that this gateway drives from now on, or does not any more. Quick, and throws nothing. */
    @FunctionalInterface
    public interface Listener {
        void changed(int shard, boolean isHere);
    }

    /** Tells {@code listener} of what is driven here now, and of all changes. */
    public synchronized void listen(Listener listener) {
        listeners.add(listener);
        all().forEach(shard -> listener.changed(shard, true));
    }

    /** From now on the shard is driven here, or not any more. */
    public synchronized void set(int shard, boolean isHere) {
        if (here.getAndSet(shard, isHere ? 1 : 0) != (isHere ? 1 : 0)) {
            listeners.forEach(listener -> listener.changed(shard, isHere));
            gateways.changes().happened();
        }
    }

    /** How many shards the store has: they are numbered from 0. */
    public int count() {
        return count;
    }

    /** Those that are driven here, unless it is not sure at the moment that no other gateway does. */
    public Set<Integer> all() {
        List<Integer> found = new ArrayList<>();
        for (int shard = 0; shard < count; shard++) {
            if (here.get(shard) == 1) {
                found.add(shard);
            }
        }
        return Set.copyOf(found);
    }

    /** Whether this gateway drives the shard, for sure. */
    public boolean drives(int shard) {
        return shard >= 0 && shard < count && here.get(shard) == 1 && gateways.isSure();
    }

    /** Whether this gateway drives the callset, for sure. */
    public boolean drives(CallsetId callset) {
        return drives(callset.shard());
    }

    /** Whether this gateway drives anything. */
    public boolean drivesAny() {
        return gateways.isSure() && !all().isEmpty();
    }

    /**
     * A shard for a new callset.
     *
     * @throws NotHereException if this gateway drives none
     */
    public int forNew() {
        List<Integer> mine = List.copyOf(all());
        if (mine.isEmpty() || !gateways.isSure()) {
            throw new NotHereException("This gateway drives no callsets now" + why() + ".");
        }
        return mine.get(random.nextInt(mine.size()));
    }

    /**
     * Refuses what only the gateway may do that drives the shard.
     *
     * @throws NotHereException if it is not this one, for sure
     */
    public void require(int shard) {
        if (!drives(shard)) {
            throw new NotHereException(shard, "This gateway does not drive shard " + shard + " of the callsets now"
                    + gateways.holder(shard).map(peer -> "; " + peer + " does").orElse(why()) + ".");
        }
    }

    /**
     * Refuses what may only go on while the shard is driven here. Where that is not sure until this gateway has renewed its
     * lease, it waits for that, for a while.
     *
     * @throws ShardLostException if it is not driven here any more, for sure
     */
    public void requireStill(int shard) {
        try {
            gateways.awaitSure(() -> here.get(shard) == 1);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (!drives(shard)) {
            throw new ShardLostException(shard);
        }
    }

    private String why() {
        return gateways.isSure()
                ? ""
                : gateways.trouble().isPresent()
                        ? ", since the store does not answer"
                        : ", until it has renewed its lease";
    }
}
