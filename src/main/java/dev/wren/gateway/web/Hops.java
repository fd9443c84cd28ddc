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

    /** Between two looks at whether they are in vain. */
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
     * @param inVain whether another gateway is to be asked by now; quick
     */
    Hop begin(BooleanSupplier inVain) {
        Hop hop = new Hop(inVain);
        all.add(hop);
        return hop;
    }

    /**
     * A request to another gateway: given up when it is in vain. A gateway that stands still would not answer for as long as it
     * stands. Used by one thread, and ended by another.
     */
    final class Hop implements AutoCloseable {

        private final BooleanSupplier inVain;
        private volatile @Nullable CompletableFuture<HttpResponse<InputStream>> answer;
        private volatile @Nullable InputStream body;

        private Hop(BooleanSupplier inVain) {
            this.inVain = inVain;
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
            if (inVain.getAsBoolean()) {
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
