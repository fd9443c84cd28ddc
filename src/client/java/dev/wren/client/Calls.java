package dev.wren.client;

import dev.wren.client.generated.model.CallError;
import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.Future;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.RandomAccess;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/**
 * The calls of one callset, and what is asked of a gateway about them. Safe for use by several threads.
 *
 * @param <R> of the values
 */
final class Calls<R extends @Nullable Object> {

    /** The longest that is waited in one request: gateways cut it to their own. */
    static final Duration POLL = Duration.ofSeconds(50);

    private static final int FAILED = 424;
    private static final int GONE = 410;
    private static final int NOT_YET = 202;
    private static final int WIDTH = 5;

    private final Gateways gateways;
    private final String id;
    private final int size;
    private final JavaType type;
    private final JsonMapper json;
    private final ProgressBar.Factory bars;
    private final Watch<R> watch;

    Calls(Gateways gateways, String id, int size, JavaType type, JsonMapper json, ProgressBar.Factory bars) {
        this.gateways = gateways;
        this.id = id;
        this.size = size;
        this.type = type;
        this.json = json;
        this.bars = bars;
        this.watch = new Watch<>(gateways, this);
    }

    /** Others, with values of the same kind. */
    Calls<R> of(String otherId, int otherSize) {
        return new Calls<>(gateways, otherId, otherSize, type, json, bars);
    }

    String id() {
        return id;
    }

    int size() {
        return size;
    }

    Time time() {
        return gateways.time();
    }

    ProgressBar.Factory bars() {
        return bars;
    }

    Watch<R> watch() {
        return watch;
    }

    /** The id of a call: its index, zero-padded to one width a callset. */
    String callId(int index) {
        String text = Integer.toString(index);
        int width = Math.max(WIDTH, Integer.toString(Math.max(size - 1, 0)).length());
        return "0".repeat(width - text.length()) + text;
    }

    /** The futures, in order, made as they are asked for. */
    List<ResponseFuture<R>> futures() {
        return new Futures<>(this);
    }

    /** A list of all calls of a callset. */
    static final class Futures<R extends @Nullable Object> extends AbstractList<ResponseFuture<R>>
            implements
                RandomAccess,
                Serializable {

        private static final long serialVersionUID = 1L;

        // Not written: another list is, of futures that know how.
        private final transient Calls<R> calls;

        Futures(Calls<R> calls) {
            this.calls = calls;
        }

        Calls<R> calls() {
            return calls;
        }

        @Override
        public ResponseFuture<R> get(int index) {
            if (index < 0 || index >= calls.size) {
                throw new IndexOutOfBoundsException(index);
            }
            return new ResponseFuture<>(calls, index);
        }

        @Override
        public int size() {
            return calls.size;
        }

        private Object writeReplace() {
            return new ArrayList<>(this);
        }
    }

    private String path(int call) {
        return "/calls/" + id + "/" + callId(call);
    }

    /** The value as it was bound; what is read of JSON. */
    R value(JsonNode result) {
        return reader().readValue(result.toString());
    }

    private ObjectReader reader() {
        return json.readerFor(type);
    }

    /** What a call has come to. */
    sealed interface Result<R extends @Nullable Object> {

        /** Not yet anything. */
        record NotYet<R extends @Nullable Object>() implements Result<R> {
        }

        /** A value. */
        record Value<R extends @Nullable Object>(R value) implements Result<R> {
        }

        /** Why there is none. */
        record None<R extends @Nullable Object>(RuntimeException why) implements Result<R> {
        }
    }

    /** Waits a while for a call. */
    Result<R> result(int call, Duration wait) {
        return gateways.send(path(call) + "/result?timeout=" + seconds(wait), request -> request, Set.of(FAILED, GONE),
                (status, body) -> switch (status) {
                    case NOT_YET -> new Result.NotYet<>();
                    case FAILED -> new Result.None<>(failure(call, error(body)));
                    case GONE -> new Result.None<>(cancelled(call));
                    default -> new Result.Value<>(reader().<R>readValue(body));
                }, () -> null);
    }

    private JsonNode error(InputStream problem) throws IOException {
        return json.readTree(problem).path("error");
    }

    RuntimeException failure(int call, JsonNode error) {
        return new FunctionException(id + "/" + callId(call), error.path("code").asString(""),
                error.path("type").asString(null), error.path("message").asString(null),
                error.path("stackTrace").asString(null));
    }

    RuntimeException failure(int call, CallError error) {
        return failure(call, json.<JsonNode>valueToTree(error));
    }

    CancellationException cancelled(int call) {
        return new CancellationException("call " + id + "/" + callId(call) + " was cancelled");
    }

    static String seconds(Duration wait) {
        return BigDecimal.valueOf(Math.max(0, wait.toMillis()), 3).stripTrailingZeros().toPlainString();
    }

    /** What all calls have come to, as far as it is known when all have ended, or one that has failed decides. */
    sealed interface Results<R extends @Nullable Object> {

        /** Not yet anything. */
        record NotYet<R extends @Nullable Object>() implements Results<R> {
        }

        /** The values. */
        record Values<R extends @Nullable Object>(List<R> values) implements Results<R> {
        }

        /** Why there are none. */
        record None<R extends @Nullable Object>(RuntimeException why) implements Results<R> {
        }
    }

    /**
     * Waits a while for all calls.
     *
     * @param throwExcept whether one that has failed decides; else its value is null
     */
    Results<R> results(Duration wait, boolean throwExcept) {
        return gateways.send("/calls/" + id + "/results?timeout=" + seconds(wait) + "&throwExcept=" + throwExcept,
                request -> request.header("Accept", "application/json"), Set.of(FAILED, GONE),
                (status, body) -> switch (status) {
                    case NOT_YET -> new Results.NotYet<>();
                    case FAILED, GONE -> {
                        JsonNode problem = json.readTree(body);
                        int call = Integer.parseInt(problem.path("callId").asString("0"));
                        yield new Results.None<>(status == GONE
                                ? cancelled(call)
                                : failure(call,
                                        problem.path("error")));
                    }
                    default -> new Results.Values<>(values(body));
                }, () -> null);
    }

    private List<R> values(InputStream body) {
        List<R> values = new ArrayList<>(size);
        // After one element comes the next.
        ObjectReader reader = reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        try (JsonParser parser = json.createParser(body)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                values.add(parser.currentToken() == JsonToken.VALUE_NULL ? null : reader.readValue(parser));
            }
        }
        return values;
    }

    /** Waits a while for the callset. */
    Callset callset(Duration wait, ReturnWhen when) {
        return gateways.calls(api -> api.getCallset(id, Double.valueOf(seconds(wait)), when.name()));
    }

    /** What is written of a future. */
    SavedFuture saved(int call) {
        return new SavedFuture(gateways.urls(), id, size, call, type);
    }

    /** What a worker has told of a call; nothing as long as none has. */
    Optional<CallStatus> status(int call) {
        return Optional.ofNullable(gateways.calls(api -> api.getFuture(id, callId(call), 0.0, null)).getStatus())
                .map(CallStatus::of);
    }

    /** Where a call is now. */
    CallState state(int call) {
        return state(gateways.calls(api -> api.getFuture(id, callId(call), 0.0, null)));
    }

    private static CallState state(Future future) {
        return CallState.of(Objects.requireNonNull(future.getState()).getValue());
    }

    /** What a call has written. */
    String logs(int call) {
        return gateways.send(path(call) + "/logs", request -> request,
                (status, body) -> new String(body.readAllBytes(), StandardCharsets.UTF_8));
    }

    /** Cancels a call; where it is then. */
    CallState cancel(int call) {
        return state(gateways.calls(api -> api.cancelCall(id, callId(call))));
    }

    /** Cancels all calls that have not ended. */
    void cancelAll() {
        gateways.calls(api -> api.cancelCallset(id));
    }

    /** The index of a call's id, if it is one of these. */
    Optional<Integer> index(String callId) {
        try {
            int index = Integer.parseInt(callId);
            return index >= 0 && index < size ? Optional.of(index) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
