package dev.wren.gateway.dispatch;

import dev.wren.gateway.web.Shutdown;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The first step of a stop, while the web server still answers: new work is refused, parked polls are answered, calls go
 * on for the executor's configured time, and what they came to is committed and seen.
 */
@Component
final class Draining implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Draining.class);

    private final Shutdown shutdown;
    private final Shards shards;
    private volatile boolean running;

    Draining(Shutdown shutdown, Shards shards) {
        this.shutdown = shutdown;
        this.shards = shards;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        log.info("stopping: no new work is taken");
        shutdown.begin();
        shards.drain();
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** The last to start and the first to stop. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
