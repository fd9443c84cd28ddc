package dev.wren.gateway.callset;

import dev.wren.protocol.CallsetId;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.stereotype.Component;

/** Makes callset ids, each later than the one before even if the clock goes back. Safe for use by several threads. */
@Component
final class CallsetIds {

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong last = new AtomicLong();

    CallsetIds(Clock clock) {
        this.clock = clock;
    }

    /** A new id in {@code shard}. */
    CallsetId next(int shard) {
        long millis = last.updateAndGet(before -> Math.max(before + 1, clock.millis()));
        return CallsetId.of(millis, shard, random.nextLong(), random.nextLong());
    }
}
