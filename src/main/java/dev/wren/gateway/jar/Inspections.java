package dev.wren.gateway.jar;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.springframework.stereotype.Component;

/**
 * Looks into jars on threads of their own, one for each processor: inflating and reading classes takes long, and
 * requests' virtual threads share a few carriers that everybody else needs too. Safe for use by several threads.
 */
@Component
final class Inspections implements AutoCloseable {

    private final ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(),
            Thread.ofPlatform().daemon().name("jars-", 1).factory());

    /** Looks into a jar. */
    @FunctionalInterface
    interface Look {
        void look() throws IOException;
    }

    /**
     * Waits for a look, and for those before it.
     *
     * @throws IOException what it throws; so with its unchecked exceptions
     */
    void run(Look look) throws IOException {
        Future<?> done = threads.submit(() -> {
            look.look();
            return null;
        });
        try {
            done.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException unchecked -> throw unchecked;
                case Error error -> throw error;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            done.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("the gateway is shutting down", e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
