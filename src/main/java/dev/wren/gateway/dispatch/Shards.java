package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.callset.Recovery;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * What this gateway drives. The file store has one shard, and the lock on its folder is the lease: from the start on
 * all callsets of the store that are not done are driven here.
 */
@Component
final class Shards implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Shards.class);
    /** How long a stop waits for commits under way. */
    private static final Duration COMMIT_WAIT = Duration.ofSeconds(10);

    private final Recovery recovery;
    private final Dispatcher dispatcher;
    private final OpenCallsets open;
    private final DispatchSettings settings;
    private final ScheduledExecutorService notes = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("shard-note").factory());
    private volatile boolean running;
    /** Guarded by this. */
    private boolean drained;

    Shards(Recovery recovery, Dispatcher dispatcher, OpenCallsets open, DispatchSettings settings) {
        this.recovery = recovery;
        this.dispatcher = dispatcher;
        this.open = open;
        this.settings = settings;
    }

    @Override
    public void start() {
        int resumed = recovery.recover();
        if (resumed > 0) {
            log.info("going on with {} callsets that were not done", resumed);
        }
        dispatcher.start();
        long every = settings.noteEvery().toNanos();
        var _ = notes.scheduleWithFixedDelay(this::note, every, every, TimeUnit.NANOSECONDS);
        running = true;
    }

    /** A start after this looks only at what is open now, or newer. */
    private void note() {
        try {
            open.save();
        } catch (RuntimeException e) {
            log.warn("which callsets are open is noted later: {}", e.toString());
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
        notes.shutdown();
        try {
            dispatcher.stop(COMMIT_WAIT);
            if (notes.awaitTermination(COMMIT_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                note();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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
