package dev.wren.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events of a callset, which go on where they broke, on another gateway too. Run by one thread; closed by any.
 */
final class EventStream implements AutoCloseable {

    /** Gateways send a heartbeat every few seconds; a connection without any for so long is dead. */
    private static final Duration DEAD = Duration.ofSeconds(90);
    private static final ScheduledExecutorService TIMER = timer();

    private final Gateways gateways;
    private final String path;
    private final Handler handler;
    private @Nullable String last;
    private volatile boolean closed;
    private volatile @Nullable InputStream open;

    /** Takes events. */
    interface Handler {

        /**
         * An event.
         *
         * @param name {@code progress}, {@code call} or {@code done}
         * @param data JSON
         */
        void event(String name, String data);

        /** There are no more: no gateway answers, or the callset is gone. */
        void failed(RuntimeException why);
    }

    /**
     * Not yet running.
     *
     * @param ofCalls whether calls are told of, or progress and the end alone
     */
    EventStream(Gateways gateways, String callset, boolean ofCalls, Handler handler) {
        this.gateways = gateways;
        this.path = "/calls/" + callset + "/events" + (ofCalls ? "" : "?calls=false");
        this.handler = handler;
    }

    private static ScheduledExecutorService timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
                Thread.ofPlatform().daemon().name("wren-events").factory());
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /** How a connection has ended. */
    private enum End {
        DONE,
        BROKEN
    }

    /** Until the callset is done, or it is closed. */
    void run() {
        try {
            while (!closed) {
                String before = last;
                End end = gateways.send(path, request -> last == null
                        ? request.header("Accept", "text/event-stream")
                        : request.header("Accept", "text/event-stream").header("Last-Event-ID", last),
                        (status, body) -> status == 204 ? End.DONE : read(body));
                if (end == End.DONE) {
                    return;
                }
                if (Objects.equals(before, last) && !closed) {
                    gateways.rest();
                }
            }
        } catch (RuntimeException e) {
            if (!closed) {
                handler.failed(e);
            }
        }
    }

    private End read(InputStream body) {
        open = body;
        // Reading is not bounded in time otherwise.
        ScheduledFuture<?> guard = guard(body);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            String id = null;
            String name = "";
            String data = "";
            for (String line; !closed && (line = lines.readLine()) != null;) {
                guard.cancel(false);
                guard = guard(body);
                if (line.startsWith("id: ")) {
                    id = line.substring("id: ".length());
                } else if (line.startsWith("event: ")) {
                    name = line.substring("event: ".length());
                } else if (line.startsWith("data: ")) {
                    data = line.substring("data: ".length());
                } else if (line.isEmpty() && id != null) {
                    handler.event(name, data);
                    last = id;
                    if (name.equals("done")) {
                        return End.DONE;
                    }
                    id = null;
                }
            }
            return End.BROKEN;
        } catch (IOException e) {
            // What was read counts: it is no request that has failed.
            return End.BROKEN;
        } finally {
            guard.cancel(false);
            open = null;
        }
    }

    private static ScheduledFuture<?> guard(InputStream body) {
        return TIMER.schedule(() -> close(body), DEAD.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException e) {
            // It is as good as closed.
        }
    }

    @Override
    public void close() {
        closed = true;
        InputStream body = open;
        if (body != null) {
            close(body);
        }
    }
}
