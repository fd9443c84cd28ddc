package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callsets;
import java.time.Duration;
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

    private final Callsets callsets;
    private final Dispatcher dispatcher;
    private volatile boolean running;
    /** Guarded by this. */
    private boolean drained;

    Shards(Callsets callsets, Dispatcher dispatcher) {
        this.callsets = callsets;
        this.dispatcher = dispatcher;
    }

    @Override
    public void start() {
        int resumed = callsets.recover();
        if (resumed > 0) {
            log.info("going on with {} callsets that were not done", resumed);
        }
        dispatcher.start();
        running = true;
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
        callsets.stopAccepting();
        try {
            dispatcher.stop(COMMIT_WAIT);
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
