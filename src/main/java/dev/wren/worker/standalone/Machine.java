package dev.wren.worker.standalone;

import dev.wren.worker.run.WorkerClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The machine as one: what it has to do, and when it ends.
 *
 * @param pool name of the queue that it works for
 * @param build of the worker
 * @param parallelism invocations at once
 */
record Machine(Host host, Load load, IdlePolicy idlePolicy, String pool, String build, int parallelism,
        WorkerClock clock) {

    Instant now() {
        return clock.clock().instant();
    }

    Duration uptime() {
        Duration up = Duration.between(host.facts().launchedAt(), now());
        return up.isNegative() ? Duration.ZERO : up;
    }

    /** When it ends if nothing comes; nothing if it stays, or is busy. */
    Optional<Duration> endsIn() {
        return idlePolicy.untilEnd(uptime(), load.idle());
    }
}
