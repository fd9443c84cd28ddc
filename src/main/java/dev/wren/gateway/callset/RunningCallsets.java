package dev.wren.gateway.callset;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.record.Manifest;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Callsets from when they are durable until they are done: bounded in number and memory, and driven, whatever goes wrong
 * at first. Safe for use by several threads.
 */
@Component
public final class RunningCallsets {

    private static final Logger log = LoggerFactory.getLogger(RunningCallsets.class);

    private final KnownCallsets known;
    private final Driver driver;
    private final ReadLeases leases;
    private final Reductions reductions;
    private final Rescues rescues;
    private final Finishing finishing;
    private final HeldShards shards;
    /** Held by many who begin to drive, or by one who hands all over. */
    private final ReadWriteLock handing = new ReentrantReadWriteLock();
    /** Shards whose callsets are driven here. Guarded by {@link #handing}. */
    private final BitSet here = new BitSet();
    private final Quota count;
    private final Quota memory;

    RunningCallsets(KnownCallsets known, Driver driver, ReadLeases leases, Reductions reductions, Rescues rescues,
            Finishing finishing, HeldShards shards, CallsetSettings limits, TenantShare share, MeterRegistry metrics) {
        this.known = known;
        this.driver = driver;
        this.leases = leases;
        this.reductions = reductions;
        this.rescues = rescues;
        this.finishing = finishing;
        this.shards = shards;
        this.count = new Quota("running", "callsets may run at once", limits.maxRunning(), share, metrics);
        this.memory = new Quota("running-memory", "bytes are held by callsets that run",
                limits.runningMemory().toBytes(), share, metrics);
    }

    /** Room for one callset: held from before it is accepted until it is done. Used by one thread at a time. */
    public static final class Place implements AutoCloseable {

        private final Quota.Grant count;
        private final Quota.Grant memory;

        private Place(Quota.Grant count, Quota.Grant memory) {
            this.count = count;
            this.memory = memory;
        }

        /**
         * Takes the memory that the callset needs.
         *
         * @throws QuotaExceededException when there is not enough
         */
        public void fit(Callset callset) {
            memory.grow(callset.weight());
        }

        @Override
        public void close() {
            count.close();
            memory.close();
        }
    }

    /**
     * Room for one more callset.
     *
     * @throws QuotaExceededException when as many run as may
     */
    public Place reserve(String tenant) {
        Place place = new Place(count.grant(tenant), memory.grant(tenant));
        place.count.grow(1);
        return place;
    }

    /** A callset that is about to be accepted. */
    public Callset accepting(Manifest.Stored stored) {
        Callset callset = known.of(stored);
        callset.driven().begin();
        return callset;
    }

    /** Drives one that was accepted by an earlier start: there is room for it. */
    void driveAgain(Callset callset) {
        Place place = new Place(count.grant(callset.tenant()), memory.grant(callset.tenant()));
        place.count.growAnyway(1);
        place.memory.growAnyway(callset.weight());
        drive(callset, place);
    }

    /**
     * Drives a callset that is accepted; later, where something does not answer now.
     *
     * @param place is closed when the callset is done
     * @throws DamagedObjectException if its log is damaged
     * @throws dev.wren.gateway.shard.ShardLostException if another gateway has begun to drive callsets of its shard
     */
    public void drive(Callset callset, Place place) {
        handing.readLock().lock();
        try {
            if (!here.get(callset.id().shard())) {
                place.close();
                callset.driven().handOver();
                shards.requireStill(callset.id().shard());
            }
            driveHere(callset, place);
        } finally {
            handing.readLock().unlock();
        }
    }

    /** Whether callsets of that shard are driven here, or are about to be. */
    public boolean isHere(CallsetId callset) {
        handing.readLock().lock();
        try {
            return here.get(callset.shard());
        } finally {
            handing.readLock().unlock();
        }
    }

    /** From now on callsets of the shard are driven here. */
    public void takeOver(int shard) {
        handing.writeLock().lock();
        try {
            here.set(shard);
            known.forgetDone(shard);
        } finally {
            handing.writeLock().unlock();
        }
    }

    /** Another gateway drives the shard from now on: here all of it is let go of, and nothing that was known is believed. */
    public void handOver(int shard) {
        handing.writeLock().lock();
        try {
            here.clear(shard);
            for (Callset callset : known.running()) {
                if (callset.id().shard() == shard) {
                    callset.driven().handOver();
                    driver.abandon(callset);
                }
            }
            known.forgetDone(shard);
        } finally {
            handing.writeLock().unlock();
        }
    }

    private void driveHere(Callset callset, Place place) {
        known.runs(callset);
        callset.driven().releaseAtEnd(place::close);
        callset.state().onEnd(() -> {
            known.ended(callset);
            if (callset.settings().output() != null && !callset.driven().isOver()) {
                finishing.finish(callset, () -> known.settled(callset));
            } else {
                known.settled(callset);
            }
        });
        if (callset.size() == 0) {
            return;
        }
        try {
            begin(callset);
        } catch (DamagedObjectException e) {
            known.forget(callset);
            place.close();
            throw e;
        }
    }

    private void begin(Callset callset) {
        CallsetId reduced = callset.reduceOf();
        if (reduced == null) {
            nowOrLater("drive", callset, () -> driver.begin(callset));
            return;
        }
        callset.driven().hold();
        nowOrLater("drive", callset, () -> {
            driver.begin(callset);
            nowOrLater("reduce", callset, () -> beginReduction(callset, reduced));
        });
    }

    private void beginReduction(Callset reduce, CallsetId reduced) {
        Optional<Callset> map;
        try {
            map = known.find(reduce.tenant(), reduced);
            if (map.isPresent() && !map.get().isDone() && !known.isRunning(map.get())) {
                throw new IllegalStateException("callset " + reduced + " is not driven yet");
            }
        } catch (DamagedObjectException e) {
            driver.fail(reduce, CallError.of(ErrorCode.RUNTIME, "The callset " + reduced + " is damaged."));
            return;
        }
        reductions.begin(reduce, map, map.flatMap(each -> leases.begin(each.id())));
    }

    private void nowOrLater(String what, Callset callset, Runnable action) {
        try {
            action.run();
        } catch (DamagedObjectException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            log.warn("callset {}: it is durable, and driven later: {}", callset.id(), e.toString());
            log.debug("callset {}", callset.id(), e);
            rescues.until(what, callset.id(), () -> {
                if (!callset.driven().isOver() && !callset.isDone()) {
                    action.run();
                }
            });
        }
    }
}
