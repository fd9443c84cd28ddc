package dev.wren.worker.standalone;

import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.remote.Links;
import dev.wren.worker.run.WorkerClock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Whether invocations that have waited are still wanted. The answer holds for a while for all of a callset: a queue that is
 * worked off would cost two requests an invocation otherwise. Safe for use by several threads.
 */
final class Wanted {

    private static final long HOLDS = TimeUnit.SECONDS.toNanos(5);
    private static final int CALLSETS = 1000;

    private final Links links;
    private final WorkerClock clock;
    private final Map<String, Long> lookedAt = new ConcurrentHashMap<>();

    Wanted(Links links, WorkerClock clock) {
        this.links = links;
        this.clock = clock;
    }

    boolean isWanted(RemoteInvocation invocation) {
        String callset = invocation.invocation().callsetId();
        Long last = lookedAt.get(callset);
        if (last != null && clock.nanos() - last < HOLDS) {
            return true;
        }
        if (links.isUnwanted(invocation, clock.clock().millis())) {
            return false;
        }
        if (lookedAt.size() >= CALLSETS) {
            lookedAt.clear();
        }
        lookedAt.put(callset, clock.nanos());
        return true;
    }
}
