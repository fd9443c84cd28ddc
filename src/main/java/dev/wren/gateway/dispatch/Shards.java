package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.shard.Balance;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.shard.ShardNote;
import dev.wren.gateway.shard.ShardObjects;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.submission.Intake;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * What this gateway drives: its share of the store's shards. It says that it lives, looks at the others, takes shards that
 * nobody holds, goes on with their callsets, and gives shards to those that have too few. When it has not renewed its lease
 * in time it drives nothing; when it was buried meanwhile, everything is released, and it begins again.
 */
@Component
final class Shards implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Shards.class);
    /** How long a stop waits for commits under way. */
    private static final Duration COMMIT_WAIT = Duration.ofSeconds(10);
    /** A note says at least so often that all is done: whoever takes the shard lists all callsets that are newer. */
    private static final Duration REFRESH = Duration.ofMinutes(10);
    private static final int SELDOM = 100;

    private final Holdings holdings;
    private final Takeovers takeovers;
    private final OpenCallsets open;
    private final Intake intake;
    private final Dispatcher dispatcher;
    private final ObjectStore store;
    private final Gateways gateways;
    private final ShardObjects objects;
    private final HeldShards held;
    private final Duration period;
    private final long refreshEvery;
    private final ScheduledThreadPoolExecutor renewals = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("shards").factory());
    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile boolean running;
    private volatile boolean leaving;
    private volatile @Nullable String trouble;
    /** Used by the thread of renewals. */
    private boolean paused;
    private long turns;
    /** Guarded by {@link #stopping}. */
    private boolean drained;

    Shards(Holdings holdings, Takeovers takeovers, OpenCallsets open, Intake intake, Dispatcher dispatcher,
            ObjectStore store, Gateways gateways, ShardObjects objects, HeldShards held, DispatchSettings settings) {
        this.holdings = holdings;
        this.takeovers = takeovers;
        this.open = open;
        this.intake = intake;
        this.dispatcher = dispatcher;
        this.store = store;
        this.gateways = gateways;
        this.objects = objects;
        this.held = held;
        this.period = store.isShared() ? gateways.period() : settings.noteEvery();
        this.refreshEvery = Math.max(SELDOM, REFRESH.dividedBy(period));
    }

    @Override
    public void start() {
        dispatcher.driveWhile(held::drives);
        join();
        takeovers.now();
        dispatcher.start();
        var _ = renewals.scheduleWithFixedDelay(this::turn, 0, period.toNanos(), TimeUnit.NANOSECONDS);
        running = true;
    }

    /** Waits until it has a share, or others that live have all: for about the time of a lease. */
    private void join() {
        if (!store.isShared()) {
            take(List.of(0), 1);
            return;
        }
        boolean _ = gateways.renew(Set.of());
        boolean told = false;
        try {
            while (true) {
                gateways.look(true);
                balance();
                boolean hasShare = !holdings.all().isEmpty() || gateways.hasLivingOthers();
                if (renewOrBeginAnew() && hasShare) {
                    return;
                }
                if (!told) {
                    log.info("the store {} was used by {}; what they drove is taken over if they are not heard of",
                            store.description(), gateways.others());
                    told = true;
                }
                if (stopping.await(gateways.period().toNanos(), TimeUnit.NANOSECONDS)) {
                    throw new IllegalStateException("stopped while waiting for the store");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the store", e);
        }
    }

    private void turn() {
        try {
            if (++turns % refreshEvery == 0) {
                holdings.all().forEach(open::notNoted);
            }
            if (store.isShared()) {
                renew();
            }
            note();
            if (store.isShared()) {
                gateways.look(false);
                if (!leaving) {
                    balance();
                    takeovers.soon();
                }
            }
        } catch (RuntimeException e) {
            log.warn("what this gateway drives of the store {} is looked at later: {}", store.description(),
                    e.toString());
        }
    }

    private void renew() {
        paused |= !gateways.isSure();
        if (renewOrBeginAnew() && paused) {
            log.info("the lease of this gateway is renewed, and calls go on");
            dispatcher.offerAll();
        }
        paused = false;
    }

    /** Returns false if others may hold by now what this gateway held. */
    private boolean renewOrBeginAnew() {
        if (gateways.renew(holdings.all())) {
            return true;
        }
        log.error("others have taken this gateway for dead: what it drove is theirs now, and it begins again");
        holdings.all().forEach(this::lose);
        boolean _ = gateways.renew(Set.of());
        return false;
    }

    /** Notes what is open, where that is something new. */
    private void note() {
        for (int shard : holdings.all()) {
            holdings.news(shard).ifPresent(news -> note(shard, news));
        }
        trouble = null;
    }

    private void note(int shard, ShardNote news) {
        boolean written = false;
        try {
            written = objects.note(shard, news);
        } catch (RuntimeException e) {
            trouble = String.valueOf(e.getMessage());
            throw e;
        } finally {
            if (!written) {
                open.notNoted(shard);
            }
        }
        if (!written) {
            log.error("shard {} is another gateway's: nothing of it is driven here any more", shard);
            lose(shard);
        }
    }

    /** Takes what is to be taken, or gives what is to be given. */
    private void balance() {
        // Those first of which it is not known whose they are: they may be this gateway's, and nobody else's then.
        Set<Integer> changed = new HashSet<>(take(objects.unanswered(), held.count()));
        List<Gateways.Peer> others = gateways.others();
        List<Set<Integer>> staying = others.stream().filter(Gateways.Peer::stays).map(Gateways.Peer::shards).toList();
        Set<Integer> leavingNow = new HashSet<>();
        others.stream().filter(peer -> !peer.stays()).forEach(peer -> leavingNow.addAll(peer.shards()));
        Balance balance = Balance.of(held.count(), holdings.all(), staying, leavingNow, gateways.id().hashCode());
        changed.addAll(balance.give() > 0 ? giveAway(balance.give()) : take(balance.take(), balance.most()));
        if (!changed.isEmpty()) {
            // The others are to know it soon.
            boolean _ = renewOrBeginAnew();
        }
    }

    /** Returns those that were taken. */
    private Set<Integer> take(Collection<Integer> free, int most) {
        Set<Integer> taken = new TreeSet<>();
        for (int shard : free) {
            if (taken.size() < most) {
                objects.take(shard).ifPresent(how -> {
                    holdings.add(shard, how);
                    taken.add(shard);
                });
            }
        }
        if (!taken.isEmpty()) {
            log.info("this gateway drives the shards {} of the store {} from now on", taken, store.description());
        }
        return taken;
    }

    /** The shard is another's: all that is known of it here is let go of. */
    private void lose(int shard) {
        holdings.letGo(shard);
        objects.lost(shard);
    }

    /** Gives shards to whoever takes them: those first in which nothing runs, and of the others one at a time. Returns them. */
    private Set<Integer> giveAway(int wanted) {
        List<Integer> mine = new ArrayList<>(holdings.all());
        mine.sort(Comparator.comparingInt(open::count).thenComparing(Comparator.reverseOrder()));
        Set<Integer> given = new HashSet<>();
        int busy = 0;
        for (int shard : mine.subList(0, Math.min(wanted, mine.size()))) {
            if ((open.count(shard) == 0 || busy++ == 0) && give(shard)) {
                given.add(shard);
            }
        }
        return given;
    }

    /** Returns false for one that is in the middle of something: it may be given at another turn. */
    private boolean give(int shard) {
        if (!holdings.known().contains(shard) || intake.isReceivingInto(shard)) {
            return false;
        }
        // From now on nothing is accepted into it.
        held.set(shard, false);
        if (intake.isReceivingInto(shard)) {
            held.set(shard, true);
            return false;
        }
        log.info("shard {} is given to another gateway", shard);
        release(shard);
        return true;
    }

    private void release(int shard) {
        ShardNote last = holdings.last(shard);
        holdings.letGo(shard);
        try {
            objects.release(shard, last);
        } catch (StoreException e) {
            log.warn("shard {} is not let go of in the store, and stays this gateway's while it lives: {}", shard,
                    e.toString());
        }
    }

    /** What is wrong with the store or the lease, for whoever looks after the gateway; nothing if all is well. */
    Optional<String> trouble() {
        return gateways.isSure()
                ? gateways.trouble().or(() -> Optional.ofNullable(trouble))
                : gateways.trouble().map(why -> "the store does not answer: " + why)
                        .or(() -> Optional.of("the lease of this gateway is being renewed"));
    }

    @Override
    public void stop() {
        drain();
        running = false;
    }

    /** Takes no more work, lets calls go on for the configured time, and commits what was reported. Once. */
    void drain() {
        synchronized (stopping) {
            if (drained) {
                return;
            }
            drained = true;
        }
        stopping.countDown();
        leaving = true;
        gateways.leave();
        try {
            dispatcher.stop(COMMIT_WAIT);
            takeovers.stop();
            // What is being written is written: else it would not be known whether it was.
            renewals.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
            renewals.shutdown();
            if (renewals.awaitTermination(COMMIT_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                leave();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets go of all shards; whoever takes them need not wait. */
    private void leave() {
        try {
            if (store.isShared()) {
                holdings.all().forEach(this::release);
                gateways.gone();
            } else {
                note();
            }
        } catch (RuntimeException e) {
            log.warn("what this gateway holds is free when it is taken for dead: {}", e.toString());
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
