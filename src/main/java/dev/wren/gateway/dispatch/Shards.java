package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.callset.Recovery;
import dev.wren.gateway.callset.RunningCallsets;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreInUseException;
import dev.wren.gateway.web.Standby;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * What this gateway drives: all callsets of the store that are not done, while it has the store's lease. A store has one
 * shard. When the lease is lost, all is let go of, and calls are refused until it can be taken again.
 */
@Component
final class Shards implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Shards.class);
    /** How long a stop waits for commits under way. */
    private static final Duration COMMIT_WAIT = Duration.ofSeconds(10);
    /** Between two looks at another's lease, while a start waits for it. */
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Recovery recovery;
    private final RunningCallsets callsets;
    private final Dispatcher dispatcher;
    private final ObjectStore store;
    private final Standby standby;
    private final ShardLease lease;
    private final Duration period;
    private final Duration late;
    private final ScheduledExecutorService renewals = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("shard-lease").factory());
    private final ExecutorService recoveries = Executors
            .newSingleThreadExecutor(Thread.ofPlatform().daemon().name("shard-recovery").factory());
    private final CountDownLatch stopping = new CountDownLatch(1);
    /** Whether what the lease is of is known here. */
    private volatile boolean recovered;
    private volatile boolean running;
    /** Used by the thread of renewals. */
    private boolean standing;
    private boolean paused;
    /** Guarded by this. */
    private boolean drained;

    Shards(Recovery recovery, RunningCallsets callsets, Dispatcher dispatcher, OpenCallsets open, ObjectStore store,
            Standby standby, DispatchSettings settings, Environment environment, Clock clock, Ticker ticker) {
        this.recovery = recovery;
        this.callsets = callsets;
        this.dispatcher = dispatcher;
        this.store = store;
        this.standby = standby;
        this.lease = new ShardLease(store, open, settings.lease(), () -> address(environment), clock, ticker);
        this.period = lease.period().orElse(settings.noteEvery());
        this.late = settings.lease().multipliedBy(2);
    }

    /** Where this gateway can be reached, as far as it knows. */
    private static String address(Environment environment) {
        String port = environment.getProperty("local.server.port", environment.getProperty("server.port", "8080"));
        try {
            return InetAddress.getLocalHost().getHostName() + ":" + port;
        } catch (UnknownHostException e) {
            return "localhost:" + port;
        }
    }

    @Override
    public void start() {
        acquire();
        dispatcher.driveWhile(this::isServing);
        standby.unless(this::whyNot);
        long every = period.toNanos();
        var _ = renewals.scheduleWithFixedDelay(this::renew, every, every, TimeUnit.NANOSECONDS);
        recover();
        dispatcher.start();
        running = true;
    }

    /**
     * Waits for the lease, for at most its time.
     *
     * @throws StoreInUseException if another gateway renews it meanwhile
     */
    private void acquire() {
        boolean told = false;
        try {
            while (true) {
                switch (lease.look()) {
                    case TAKEN -> {
                        return;
                    }
                    case RENEWED -> throw new StoreInUseException(store.description(), lease.holder().orElse(""));
                    case WAITING -> {
                        if (!told) {
                            log.info("the store {} was used by {}; it is taken over if that does not renew its lease",
                                    store.description(), lease.holder().orElse("another gateway"));
                            told = true;
                        }
                    }
                }
                if (stopping.await(LOOK.toNanos(), TimeUnit.NANOSECONDS)) {
                    throw new IllegalStateException("stopped while waiting for the store");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the store", e);
        }
    }

    /** Goes on with what is open. */
    private void recover() {
        ShardLease.Taken taken = lease.taken();
        int resumed = recovery.recover(taken.note());
        lease.recovered();
        recovered = true;
        dispatcher.offerAll();
        if (resumed > 0) {
            log.info("going on with {} callsets that were not done", resumed);
        }
        if (!taken.released()) {
            // Whoever had it may have accepted something while it was taken over, and not know it yet.
            var _ = renewals.schedule(() -> recoveries.execute(() -> recovery.recoverLate(taken.note())),
                    late.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private boolean isServing() {
        return recovered && lease.isHeld();
    }

    /** Why callsets are not to be asked about here; nothing if they are. */
    private Optional<String> whyNot() {
        if (isServing()) {
            return Optional.empty();
        }
        return Optional.of(lease.holder().map(holder -> holder + " uses the store")
                .or(() -> lease.trouble().map(why -> "the store does not answer"))
                .orElse("the store's lease is being renewed"));
    }

    /** What is wrong with the store or the lease, for whoever looks after the gateway; nothing if all is well. */
    Optional<String> trouble() {
        return whyNot().map(why -> why + lease.trouble().map(more -> ": " + more).orElse("")).or(lease::trouble);
    }

    /** A start after this looks only at what is open now, or newer. */
    private void renew() {
        try {
            if (standing) {
                if (lease.look() == ShardLease.Look.TAKEN) {
                    standing = false;
                    // A recovery of before may have ended after all was let go of.
                    recovered = false;
                    log.info("the store {} is this gateway's again", store.description());
                    recoveries.execute(this::recoverAgain);
                }
                return;
            }
            paused |= !lease.isHeld();
            if (!lease.renew()) {
                log.error("{} has taken over the store {}: nothing is driven here any more",
                        lease.holder().orElse("another gateway"), store.description());
                standing = true;
                recovered = false;
                callsets.handOver();
            } else if (paused) {
                log.info("the lease of the store {} is renewed, and calls go on", store.description());
                dispatcher.offerAll();
            }
            paused = false;
        } catch (RuntimeException e) {
            log.warn("the store's lease, or the note of what is open, is written later: {}", e.toString());
        }
    }

    private void recoverAgain() {
        try {
            recover();
        } catch (RuntimeException e) {
            log.warn("what is open in the store {} is looked for later: {}", store.description(), e.toString());
            var _ = renewals.schedule(() -> recoveries.execute(this::recoverAgain), period.toNanos(),
                    TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void stop() {
        drain();
        running = false;
    }

    /** Takes no more work, lets calls go on for the configured time, and commits what was reported. Once. */
    synchronized void drain() {
        if (drained) {
            return;
        }
        drained = true;
        stopping.countDown();
        try {
            dispatcher.stop(COMMIT_WAIT);
            recoveries.shutdownNow();
            renewals.shutdownNow();
            if (renewals.awaitTermination(COMMIT_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void release() {
        try {
            lease.release();
        } catch (RuntimeException e) {
            log.warn("the store's lease, or the note of what is open, is not written: {}", e.toString());
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Before the web server starts; {@link Draining} stops it, while the web server still answers. */
    @Override
    public int getPhase() {
        return 0;
    }
}
