package dev.wren.gateway.callset;

import dev.wren.protocol.CallsetId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/** Who reads which callsets for longer than a moment, so that retention leaves those alone. Safe for several threads. */
@Component
public final class ReadLeases {

    private final Map<CallsetId, Integer> readers = new HashMap<>();
    private final Set<CallsetId> going = new HashSet<>();

    /** One reader, until it is closed; once. */
    public interface Lease extends AutoCloseable {
        @Override
        void close();
    }

    /** One more reader; nothing if the callset is being removed. */
    synchronized Optional<Lease> begin(CallsetId callset) {
        if (going.contains(callset)) {
            return Optional.empty();
        }
        readers.merge(callset, 1, Integer::sum);
        return Optional.of(() -> end(callset));
    }

    private synchronized void end(CallsetId callset) {
        readers.computeIfPresent(callset, (_, count) -> count == 1 ? null : count - 1);
    }

    /** Runs {@code removal} unless somebody reads the callset; nobody begins to while it runs. */
    boolean unlessRead(CallsetId callset, Runnable removal) {
        synchronized (this) {
            if (readers.containsKey(callset) || !going.add(callset)) {
                return false;
            }
        }
        try {
            removal.run();
            return true;
        } finally {
            synchronized (this) {
                going.remove(callset);
            }
        }
    }
}
