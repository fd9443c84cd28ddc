package dev.wren.gateway.executor;

import java.time.Duration;
import java.util.Optional;

/** Where an executor takes its work from: fairly over tenants and callsets. Safe for use by several threads. */
public interface WorkSource {

    /**
     * The next chunk, waiting for one if there is none.
     *
     * @return nothing if there was none within {@code timeout}
     */
    Optional<Chunk> take(Duration timeout) throws InterruptedException;
}
