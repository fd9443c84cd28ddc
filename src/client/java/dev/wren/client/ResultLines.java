package dev.wren.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Spliterators;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the calls of a callset come to, in order, as they end. A connection that breaks is made again, and what was seen is
 * passed over. Used by one thread.
 */
final class ResultLines<R extends @Nullable Object> extends Spliterators.AbstractSpliterator<CallResult<R>>
        implements
            AutoCloseable {

    private final Gateways gateways;
    private final Calls<R> calls;
    private @Nullable BufferedReader lines;
    private int seen;
    /** What was seen when the connection was made. */
    private int seenBefore;

    ResultLines(Gateways gateways, Calls<R> calls) {
        super(calls.size(), ORDERED | SIZED | NONNULL);
        this.gateways = gateways;
        this.calls = calls;
    }

    @Override
    public boolean tryAdvance(Consumer<? super CallResult<R>> action) {
        if (seen == calls.size()) {
            close();
            return false;
        }
        String line = next();
        seen++;
        action.accept(result(Watch.EXACT.readTree(line)));
        return true;
    }

    private String next() {
        while (true) {
            BufferedReader open = lines;
            try {
                if (open == null) {
                    open = open();
                    lines = open;
                }
                String line = open.readLine();
                if (line != null && line.endsWith("}")) {
                    return line;
                }
            } catch (IOException e) {
                // It has broken, and is made again.
            }
            close();
            if (seen == seenBefore) {
                gateways.rest();
            }
        }
    }

    private BufferedReader open() throws IOException {
        InputStream body = gateways.open("/calls/" + calls.id() + "/results",
                request -> request.header("Accept", "application/x-ndjson"));
        BufferedReader made = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
        lines = made;
        seenBefore = seen;
        for (int i = 0; i < seen; i++) {
            if (made.readLine() == null) {
                throw new IOException("it has ended too soon");
            }
        }
        return made;
    }

    private CallResult<R> result(JsonNode line) {
        String callId = line.path("callId").asString("");
        int call = calls.index(callId).orElse(0);
        CallState state = CallState.of(line.path("state").asString(""));
        return switch (state) {
            case SUCCESS -> new CallResult<>(callId, state, calls.value(line.path("result")), null);
            case CANCELLED -> new CallResult<>(callId, state, null, calls.cancelled(call));
            case ERROR -> new CallResult<>(callId, state, null, calls.failure(call, line.path("error")));
            case NEW, INVOKED, RUNNING -> throw new IllegalStateException("call " + callId + " is " + state);
        };
    }

    @Override
    public void close() {
        BufferedReader open = lines;
        lines = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                // It is as good as closed.
            }
        }
    }
}
