package dev.wren.gateway.retention;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.IdempotencyKeys;
import dev.wren.gateway.callset.Recovery;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.submission.Intake;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.github.bucket4j.Bucket;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Removes what is old: callsets that were done long ago, contents of jars that nothing refers to any more, idempotency
 * keys whose time is over, and what broken submissions have left. In the background, at a bounded rate, and never what
 * runs or is read.
 */
@Component
final class Retention implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final int PAGE = 500;
    /** Younger leftovers of submissions may belong to one that another process of this gateway has just begun. */
    private static final Duration BROKEN = Duration.ofHours(1);

    private final Callsets callsets;
    private final Recovery recovery;
    private final Intake intake;
    private final IdempotencyKeys keys;
    private final Jars jars;
    private final ObjectStore store;
    private final HeldShards shards;
    private final RetentionSettings settings;
    private final Clock clock;
    /** For how long jars that nothing refers to are kept. */
    private final Duration kept;
    private final Bucket rate;
    private final Counter removedCallsets;
    private final Counter removedJars;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("retention").factory());
    private volatile boolean running;

    Retention(Callsets callsets, Recovery recovery, Intake intake, IdempotencyKeys keys, Jars jars, ObjectStore store,
            HeldShards shards, RetentionSettings settings, Clock clock, MeterRegistry metrics) {
        this.callsets = callsets;
        this.recovery = recovery;
        this.intake = intake;
        this.keys = keys;
        this.jars = jars;
        this.store = store;
        this.shards = shards;
        this.settings = settings;
        this.clock = clock;
        // Each gateway knows what it has used since its last sweep, and says it to the others but once from one to the next.
        Duration twoSweeps = settings.every().multipliedBy(2);
        this.kept = settings.jars().compareTo(twoSweeps) < 0 ? twoSweeps : settings.jars();
        this.rate = Bucket.builder()
                .addLimit(limit -> limit.capacity(settings.rate()).refillGreedy(settings.rate(),
                        Duration.ofSeconds(1)))
                .build();
        this.removedCallsets = Counter.builder("wren.retention.callsets").description("callsets removed by age")
                .register(metrics);
        this.removedJars = Counter.builder("wren.retention.jars").description("contents of jars removed by age")
                .register(metrics);
    }

    /** Removes what is old now. One at a time. */
    synchronized void sweep() {
        try {
            store.sweep();
        } catch (StoreException e) {
            log.warn("what broken writes have left is removed later: {}", e.getMessage());
        }
        boolean all = shards.drives(HeldShards.COMMON);
        jars.beginSweep();
        for (String tenant : callsets.tenants()) {
            try {
                sweep(tenant, all);
            } catch (StoreException e) {
                log.warn("what is old of tenant {} is removed later: {}", tenant, e.getMessage());
            }
        }
    }

    /**
     * Each gateway looks after the callsets that it drives; after what is of no callset alone, the one that drives the first
     * shard.
     */
    private void sweep(String tenant, boolean all) {
        removeOld(tenant);
        JarReferences references = JarReferences.load(store, tenant);
        if (!all) {
            lookAtOwn(tenant, references);
            return;
        }
        removeKeys(tenant);
        lookAtNew(tenant, references);
        removeJars(tenant, references);
        references.save();
    }

    /** Looks at those callsets only that are old enough. */
    private void removeOld(String tenant) {
        Duration kept = settings.callsets();
        if (kept != null) {
            Instant before = clock.instant().minus(kept);
            callsets.eachWhile(tenant, CallsetId.of(before.toEpochMilli(), 0, 0, 0), id -> {
                if (!shards.drives(id)) {
                    return true;
                }
                take(1);
                try {
                    callsets.peek(tenant, id).ifPresent(callset -> removeOld(callset, before));
                } catch (DamagedObjectException e) {
                    log.error("callset {} is damaged and is kept: {}", id, e.getMessage());
                }
                return true;
            });
        }
    }

    /** Each callset is looked at until it is old enough not to be one that is being received. */
    private void lookAtNew(String tenant, JarReferences references) {
        Instant settled = clock.instant().minus(BROKEN);
        long known = references.until();
        callsets.eachWhile(tenant, null, id -> {
            if (id.millis() >= known) {
                lookAt(tenant, id, settled, references);
            }
            return id.millis() >= known;
        });
        references.unreadable().forEach(id -> lookAt(tenant, id, settled, references));
        references.lookedUntil(settled.toEpochMilli());
    }

    /** Those that whoever looks at all of them leaves to this gateway: somebody may still be at them. */
    private void lookAtOwn(String tenant, JarReferences references) {
        Instant settled = clock.instant().minus(BROKEN);
        // Whoever looks at all may have looked since this gateway did.
        long known = references.until() - settings.every().multipliedBy(2).toMillis();
        callsets.eachWhile(tenant, null, id -> {
            if (id.millis() >= known && shards.drives(id)) {
                lookAt(tenant, id, settled, references);
            }
            return id.millis() >= known;
        });
        references.unreadable().stream().filter(shards::drives)
                .forEach(id -> lookAt(tenant, id, settled, references));
    }

    private void lookAt(String tenant, CallsetId id, Instant settled, JarReferences references) {
        take(1);
        // Asked first: it may be accepted between the two looks.
        boolean receiving = intake.isReceiving(id);
        // Once: what is left of one that is not driven here is another's to remove, and must not be forgotten.
        boolean mine = shards.drives(id);
        try {
            Optional<Callset> callset = callsets.peek(tenant, id);
            if (callset.isPresent()) {
                refers(callset.get(), references);
                if (Instant.ofEpochMilli(id.millis()).isBefore(settled)) {
                    recovery.adopt(callset.get());
                }
            } else if (receiving) {
                // However long that takes: it may refer to anything.
                references.unreadable(id);
            } else if (!mine && callsets.hasObjects(tenant, id)) {
                // Another gateway may be receiving it, or has to remove what is left.
                references.unreadable(id);
            } else {
                references.gone(id);
                if (Instant.ofEpochMilli(id.millis()).isBefore(settled) && mine) {
                    intake.sweep(tenant, id, this::take);
                }
            }
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is kept, and so are jars that nothing refers to: {}", id,
                    e.getMessage());
            references.unreadable(id);
        }
    }

    private static void refers(Callset callset, JarReferences references) {
        callset.jars().forEach(jar -> references.refers(callset.id(), jar.sha256()));
    }

    private void removeOld(Callset callset, Instant before) {
        if (isOver(callset, before) && callsets.expire(callset, this::take)) {
            log.info("callset {} was done at {} and is removed", callset.id(), callset.state().doneAt());
            removedCallsets.increment();
        }
    }

    private static boolean isOver(Callset callset, Instant before) {
        if (!Instant.ofEpochMilli(callset.id().millis()).isBefore(before)) {
            // Too young to have been done then: its log need not be read.
            return false;
        }
        Instant done = callset.state().doneAt();
        return done != null && done.isBefore(before);
    }

    private void removeKeys(String tenant) {
        String prefix = ObjectKeys.idempotency(tenant, "");
        String after = null;
        List<ObjectStore.Entry> page;
        do {
            page = store.list(prefix, after, PAGE);
            for (ObjectStore.Entry entry : page) {
                after = entry.key();
                take(1);
                try {
                    keys.removeIfOver(entry.key());
                } catch (DamagedObjectException e) {
                    log.error("an idempotency key's entry is damaged and is removed: {}", e.getMessage());
                    store.delete(List.of(entry.key()));
                }
            }
        } while (page.size() == PAGE);
    }

    /** A content that nothing refers to is marked with the time, and removed when the mark is old enough. */
    private void removeJars(String tenant, JarReferences references) {
        Set<String> named = jars.named(tenant);
        Set<String> lost = new HashSet<>();
        each(tenant, hash -> {
            boolean isUsed = named.contains(hash) || isReferredTo(tenant, hash, references, lost);
            if (isUsed) {
                removeJar(tenant, hash, true);
            } else if (!lost.contains(hash) && references.unreadable().isEmpty()) {
                removeJar(tenant, hash, false);
            }
        });
        if (!lost.isEmpty()) {
            search(tenant, lost, references);
            if (references.unreadable().isEmpty()) {
                lost.forEach(hash -> removeJar(tenant, hash, references.newest(hash).isPresent()));
            }
        }
    }

    private void each(String tenant, Consumer<String> action) {
        String after = null;
        List<String> page;
        do {
            page = jars.contents(tenant, after, PAGE);
            for (String hash : page) {
                after = hash;
                take(1);
                action.accept(hash);
            }
        } while (page.size() == PAGE);
    }

    /** Where the newest callset that did is gone, it is not known, and noted in {@code lost}. */
    private boolean isReferredTo(String tenant, String hash, JarReferences references, Set<String> lost) {
        Optional<CallsetId> newest = references.newest(hash);
        if (newest.isEmpty()) {
            return false;
        }
        if (callsets.exists(tenant, newest.get())) {
            return true;
        }
        lost.add(hash);
        return false;
    }

    /** Looks at all callsets; needed only when the newest one that a jar had is gone. */
    private void search(String tenant, Set<String> lost, JarReferences references) {
        lost.forEach(references::forget);
        callsets.eachWhile(tenant, null, id -> {
            take(1);
            try {
                callsets.peek(tenant, id).ifPresent(callset -> callset.jars().stream()
                        .filter(jar -> lost.contains(jar.sha256()))
                        .forEach(jar -> references.refers(id, jar.sha256())));
            } catch (DamagedObjectException e) {
                references.unreadable(id);
            }
            return true;
        });
    }

    private void removeJar(String tenant, String hash, boolean isUsed) {
        if (isUsed) {
            jars.used(tenant, hash);
            return;
        }
        jars.unused(tenant, hash, kept).ifPresent(since -> {
            log.info("the jar sha256:{} was not used since {} and is removed", hash, since);
            removedJars.increment();
        });
    }

    private void take(int objects) {
        try {
            for (int left = objects; left > 0; left -= settings.rate()) {
                rate.asBlocking().consume(Math.min(left, settings.rate()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("the gateway is shutting down", e);
        }
    }

    @Override
    public void start() {
        var _ = thread.scheduleWithFixedDelay(() -> {
            try {
                sweep();
            } catch (RuntimeException e) {
                log.error("a sweep failed; it is tried again in {}", settings.every(), e);
            }
        }, settings.every().toNanos(), settings.every().toNanos(), TimeUnit.NANOSECONDS);
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("a sweep does not end");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
