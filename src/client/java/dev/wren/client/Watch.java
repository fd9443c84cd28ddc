package dev.wren.client;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Java's futures of a callset's calls, completed as its events come, by one connection while there is somebody who waits.
 * Safe for use by several threads.
 */
final class Watch<R extends @Nullable Object> {

    /** Keeps the digits of what passes through it. */
    static final JsonMapper EXACT = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build();
    /** Values that are too large for their events, fetched at once. */
    private static final int FETCHED = 16;

    private final Gateways gateways;
    private final Calls<R> calls;
    private final Semaphore fetching = new Semaphore(FETCHED);
    /** Guarded by this, like all that follows. */
    private final Map<Integer, CompletableFuture<R>> waiting = new HashMap<>();
    /** Calls whose events have come. */
    private final BitSet ended = new BitSet();
    private @Nullable EventStream stream;

    Watch(Gateways gateways, Calls<R> calls) {
        this.gateways = gateways;
        this.calls = calls;
    }

    CompletableFuture<R> future(int call) {
        CompletableFuture<R> future = new CompletableFuture<>();
        synchronized (this) {
            if (!ended.get(call)) {
                CompletableFuture<R> same = waiting.putIfAbsent(call, future);
                if (stream == null) {
                    start();
                }
                return same == null ? future : same;
            }
        }
        fetch(call, future);
        return future;
    }

    private void start() {
        EventStream started = new EventStream(gateways, calls.id(), true, new EventStream.Handler() {

            @Override
            public void event(String name, String data) {
                if (name.equals("call")) {
                    ended(EXACT.readTree(data));
                }
            }

            @Override
            public void failed(RuntimeException why) {
                Watch.this.failed(why);
            }
        });
        stream = started;
        Thread.ofVirtual().name("wren-watch-" + calls.id()).start(() -> {
            started.run();
            over(started);
        });
    }

    private void ended(JsonNode future) {
        int call = calls.index(future.path("callId").asString("")).orElse(-1);
        CompletableFuture<R> waits;
        synchronized (this) {
            if (call < 0) {
                return;
            }
            ended.set(call);
            waits = waiting.remove(call);
            if (waiting.isEmpty() && stream != null) {
                stream.close();
            }
        }
        if (waits == null) {
            return;
        }
        switch (CallState.of(future.path("state").asString(""))) {
            case SUCCESS -> {
                if (future.has("result")) {
                    complete(waits, future.path("result"));
                } else {
                    fetch(call, waits);
                }
            }
            case ERROR -> waits.completeExceptionally(calls.failure(call, future.path("error")));
            case CANCELLED -> waits.completeExceptionally(calls.cancelled(call));
            case NEW, INVOKED, RUNNING -> fetch(call, waits);
        }
    }

    private void complete(CompletableFuture<R> future, JsonNode result) {
        try {
            future.complete(calls.value(result));
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
        }
    }

    private void fetch(int call, CompletableFuture<R> future) {
        Thread.ofVirtual().name("wren-fetch").start(() -> {
            try {
                fetching.acquire();
                try {
                    future.complete(new ResponseFuture<>(calls, call).result());
                } finally {
                    fetching.release();
                }
            } catch (InterruptedException e) {
                future.cancel(false);
            } catch (RuntimeException e) {
                future.completeExceptionally(e);
            }
        });
    }

    private void failed(RuntimeException why) {
        List<CompletableFuture<R>> all;
        synchronized (this) {
            all = new ArrayList<>(waiting.values());
            waiting.clear();
        }
        all.forEach(each -> each.completeExceptionally(why));
    }

    /** Somebody may have begun to wait since it was closed. */
    private synchronized void over(EventStream which) {
        if (stream == which) {
            stream = null;
            if (!waiting.isEmpty()) {
                start();
            }
        }
    }
}
