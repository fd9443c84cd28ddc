package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Recovery;
import dev.wren.gateway.dispatch.Holdings.Holding;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.ShardObjects.Taken;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Goes on with the callsets of shards that were taken. */
@Component
final class Takeovers {

    private static final Logger log = LoggerFactory.getLogger(Takeovers.class);

    private final Recovery recovery;
    private final Holdings holdings;
    private final Dispatcher dispatcher;
    private final Duration again;
    private final Duration late;
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("shard-recovery").factory());

    Takeovers(Recovery recovery, Holdings holdings, Dispatcher dispatcher, Gateways gateways,
            DispatchSettings settings) {
        this.recovery = recovery;
        this.holdings = holdings;
        this.dispatcher = dispatcher;
        this.again = settings.noteEvery();
        this.late = gateways.late();
    }

    /** Goes on with what is open in those that are new, unless they are lost meanwhile. */
    void now() {
        now(holdings.begin());
    }

    private void now(Map<Integer, Holding> begun) {
        Map<Integer, Taken> taken = holdings.takeOver(begun);
        int resumed = recovery.recover(taken);
        holdings.drive(begun);
        dispatcher.offerAll();
        if (resumed > 0) {
            log.info("going on with {} callsets that were not done", resumed);
        }
        taken.values().removeIf(Taken::released);
        if (!taken.isEmpty()) {
            // Whoever had them may have accepted something while they were taken over, and not know it yet.
            later(late, () -> untilDone(taken.keySet(), () -> recovery.recoverLate(taken)));
        }
    }

    /** In the background. */
    void soon() {
        Map<Integer, Holding> begun = holdings.begin();
        if (!begun.isEmpty()) {
            thread.execute(() -> untilDone(begun.keySet(), () -> now(begun)));
        }
    }

    private void untilDone(Set<Integer> shards, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            log.warn("what is open in the shards {} is looked for later: {}", shards, e.toString());
            later(again, () -> untilDone(shards, action));
        }
    }

    private void later(Duration delay, Runnable action) {
        var _ = thread.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    void stop() {
        thread.shutdownNow();
    }
}
