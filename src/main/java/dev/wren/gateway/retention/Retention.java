package dev.wren.gateway.retention;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.IdempotencyKeys;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.submission.Intake;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.github.bucket4j.Bucket;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
    private final Intake intake;
    private final IdempotencyKeys keys;
    private final Jars jars;
    private final ObjectStore store;
    private final RetentionSettings settings;
    private final Clock clock;
    private final Bucket rate;
    private final Counter removedCallsets;
    private final Counter removedJars;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("retention").factory());
    private volatile boolean running;

    Retention(Callsets callsets, Intake intake, IdempotencyKeys keys, Jars jars, ObjectStore store,
            RetentionSettings settings, Clock clock, MeterRegistry metrics) {
        this.callsets = callsets;
        this.intake = intake;
        this.keys = keys;
        this.jars = jars;
        this.store = store;
        this.settings = settings;
        this.clock = clock;
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
        jars.beginSweep();
        for (String tenant : callsets.tenants()) {
            try {
                sweep(tenant);
            } catch (StoreException e) {
                log.warn("what is old of tenant {} is removed later: {}", tenant, e.getMessage());
            }
        }
    }

    private void sweep(String tenant) {
        Set<String> used = jars.named(tenant);
        boolean[] allRead = {true};
        callsets.each(tenant, id -> {
            take(1);
            try {
                Optional<Callset> callset = callsets.peek(tenant, id);
                if (callset.isEmpty()) {
                    removeBroken(tenant, id);
                } else if (!removeOld(callset.get())) {
                    used.add(callset.get().sha256());
                }
            } catch (DamagedObjectException e) {
                log.error("callset {} is damaged and is kept, and so are jars that nothing refers to: {}", id,
                        e.getMessage());
                allRead[0] = false;
            }
        });
        removeKeys(tenant);
        if (allRead[0]) {
            removeJars(tenant, used);
        }
    }

    private void removeBroken(String tenant, CallsetId id) {
        if (Instant.ofEpochMilli(id.millis()).isBefore(clock.instant().minus(BROKEN))) {
            intake.sweep(tenant, id, this::take);
        }
    }

    private boolean removeOld(Callset callset) {
        Duration kept = settings.callsets();
        if (kept == null || !isOver(callset, clock.instant().minus(kept)) || !callsets.expire(callset, this::take)) {
            return false;
        }
        log.info("callset {} was done at {} and is removed", callset.id(), callset.state().doneAt());
        removedCallsets.increment();
        return true;
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
    private void removeJars(String tenant, Set<String> used) {
        String after = null;
        List<String> page;
        do {
            page = jars.contents(tenant, after, PAGE);
            for (String hash : page) {
                after = hash;
                take(1);
                removeJar(tenant, hash, used.contains(hash));
            }
        } while (page.size() == PAGE);
    }

    private void removeJar(String tenant, String hash, boolean isUsed) {
        String markKey = ObjectKeys.unusedJar(tenant, hash);
        ObjectStore.StoredObject mark = store.get(markKey).orElse(null);
        if (mark == null) {
            if (!isUsed) {
                boolean _ = store.putIfAbsent(markKey,
                        clock.instant().toString().getBytes(StandardCharsets.US_ASCII));
            }
            return;
        }
        Instant since = since(mark.bytes());
        if (isUsed) {
            store.delete(List.of(markKey));
        } else if (!clock.instant().isBefore(since.plus(settings.jars())) && jars.removeContent(tenant, hash)) {
            store.delete(List.of(markKey));
            log.info("the jar sha256:{} was not used since {} and is removed", hash, since);
            removedJars.increment();
        }
    }

    /** A mark that cannot be read counts as one that was made now. */
    private Instant since(byte[] mark) {
        try {
            return Instant.parse(new String(mark, StandardCharsets.US_ASCII));
        } catch (DateTimeParseException _) {
            return clock.instant();
        }
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
