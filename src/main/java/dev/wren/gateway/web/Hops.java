package dev.wren.gateway.web;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Requests to other gateways that are under way. Safe for use by several threads. */
final class Hops implements AutoCloseable {

    /** How often it is checked whether they are still wanted. */
    private static final Duration WATCH = Duration.ofMillis(250);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client;
    private final Set<Hop> all = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("forwarding").factory());

    Hops(Duration connectTimeout) {
        this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads)
                .proxy(HttpClient.Builder.NO_PROXY).connectTimeout(connectTimeout).build();
        var _ = watch.scheduleWithFixedDelay(() -> all.forEach(Hop::endIfInVain), WATCH.toNanos(), WATCH.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    /**
     * A request to be.
     *
     * @param abandoned whether nobody wants its answer any more; quick
     */
    Hop begin(BooleanSupplier abandoned) {
        Hop hop = new Hop(abandoned);
        all.add(hop);
        return hop;
    }

    /**
     * A request to another gateway: given up when nobody wants its answer any more. A gateway whose process is
     * paused would not answer for as long as that lasts. Used by one thread, and ended by another.
     */
    final class Hop implements AutoCloseable {

        private final BooleanSupplier abandoned;
        private volatile @Nullable CompletableFuture<HttpResponse<InputStream>> answer;
        private volatile @Nullable InputStream body;

        private Hop(BooleanSupplier abandoned) {
            this.abandoned = abandoned;
        }

        HttpResponse<InputStream> send(HttpRequest request) throws IOException, InterruptedException {
            CompletableFuture<HttpResponse<InputStream>> asked = client.sendAsync(request,
                    BodyHandlers.ofInputStream());
            answer = asked;
            try {
                HttpResponse<InputStream> came = asked.get();
                body = came.body();
                return came;
            } catch (CancellationException e) {
                throw new IOException("given up", e);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case IOException failure -> throw failure;
                    case null, default -> throw new IOException(e);
                }
            } catch (InterruptedException e) {
                asked.cancel(true);
                throw e;
            }
        }

        private void endIfInVain() {
            if (abandoned.getAsBoolean()) {
                end();
            }
        }

        private void end() {
            CompletableFuture<HttpResponse<InputStream>> asked = answer;
            if (asked != null) {
                asked.cancel(true);
            }
            InputStream open = body;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException _) {
                    // Whoever reads it is told.
                }
            }
        }

        @Override
        public void close() {
            all.remove(this);
            end();
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
        client.shutdownNow();
        threads.shutdownNow();
    }
}
