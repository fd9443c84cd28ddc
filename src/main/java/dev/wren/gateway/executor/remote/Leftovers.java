package dev.wren.gateway.executor.remote;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * What workers have put into the store when its callset was gone already: nobody would look for it there any more. Safe for
 * use by several threads.
 */
@Component
final class Leftovers {

    private static final Logger log = LoggerFactory.getLogger(Leftovers.class);

    private final ObjectStore store;

    Leftovers(ObjectStore store) {
        this.store = store;
    }

    /** Removes the large values of a sending, in the background, if its callset was deleted. */
    void remove(String tenant, CallsetId callset, long send) {
        Thread.ofVirtual().name("leftovers-" + callset).start(() -> {
            try {
                if (store.read(ObjectKeys.manifest(tenant, callset), 0, 1).isEmpty()) {
                    store.delete(List.of(ObjectKeys.overflow(tenant, callset, send)));
                }
            } catch (StoreException e) {
                log.warn("callset {}: what a worker has put there after its end stays: {}", callset, e.getMessage());
            }
        });
    }
}
