package dev.wren.client;

import dev.wren.client.generated.api.CallsApi;
import dev.wren.client.generated.api.InstancesApi;
import dev.wren.client.generated.api.JarsApi;
import dev.wren.client.generated.invoker.ApiClient;
import dev.wren.client.generated.invoker.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The gateways of one store, of which any answers anything. One that does not answer is left for the next, with growing
 * pauses, until the configured time has passed; all requests are such that a second one does no harm. Safe for use by
 * several threads.
 */
final class Gateways implements AutoCloseable {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    /** What server-sent events ask for. */
    private static final Duration REST = Duration.ofSeconds(1);
    private static final Duration CONNECT = Duration.ofSeconds(10);
    /** A gateway answers a poll within its longest wait, 60 s unless it is configured otherwise. */
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private final List<Gateway> all;
    private final HttpClient http;
    private final @Nullable String key;
    private final Duration patience;
    private final Time time;
    private final AtomicInteger current = new AtomicInteger();
    private volatile boolean closed;

    /** One gateway. */
    private record Gateway(String url, CallsApi calls, JarsApi jars, InstancesApi instances) {
    }

    /**
     * @param urls at least one
     * @param key of the API, or null
     * @param patience how long gateways are asked again that do not answer
     */
    Gateways(List<String> urls, @Nullable String key, Duration patience, Time time) {
        this.time = time;
        this.key = key;
        this.patience = patience;
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
        this.all = urls.stream().map(this::gateway).toList();
    }

    private Gateway gateway(String given) {
        String url = given.endsWith("/") ? given.substring(0, given.length() - 1) : given;
        ApiClient client = new ApiClient() {

            @Override
            public HttpClient getHttpClient() {
                // One for all.
                return http;
            }
        };
        client.updateBaseUri(url);
        client.setReadTimeout(ANSWER);
        if (key != null) {
            client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
        }
        return new Gateway(url, new CallsApi(client), new JarsApi(client), new InstancesApi(client));
    }

    Time time() {
        return time;
    }

    List<String> urls() {
        return all.stream().map(Gateway::url).toList();
    }

    /** A request by the generated client. */
    @FunctionalInterface
    interface Request<A, R> {
        R send(A api) throws ApiException;
    }

    <R> R calls(Request<CallsApi, R> request) {
        return generated(Gateway::calls, request);
    }

    <R> R jars(Request<JarsApi, R> request) {
        return generated(Gateway::jars, request);
    }

    <R> R instances(Request<InstancesApi, R> request) {
        return generated(Gateway::instances, request);
    }

    private <A, R> R generated(Function<Gateway, A> api, Request<A, R> request) {
        return persistently(gateway -> {
            try {
                return request.send(api.apply(gateway));
            } catch (ApiException e) {
                if (e.getCode() > 0) {
                    throw new Refused(e.getCode(), e.getResponseBody(), retryAfter(
                            e.getResponseHeaders() == null
                                    ? Optional.empty()
                                    : e.getResponseHeaders().firstValue("Retry-After")));
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw new WrenException("interrupted", e);
                }
                throw new IOException(e.getMessage(), e);
            }
        });
    }

    /** Makes a request of a URL. */
    @FunctionalInterface
    interface Making {
        HttpRequest.Builder make(HttpRequest.Builder builder) throws IOException;
    }

    /**
     * A request whose answer is read before it counts as answered.
     *
     * @param path with query
     */
    <R> R send(String path, Making request, Reading<R> reading) {
        return send(path, request, Set.of(), reading, () -> null);
    }

    /**
     * The same, where some answers of 400 and more are answers like others.
     *
     * @param answers their statuses
     * @param fatal what has made the request impossible, if something has: it is not tried again then
     */
    <R> R send(String path, Making request, Set<Integer> answers, Reading<R> reading,
            Supplier<@Nullable RuntimeException> fatal) {
        return persistently(gateway -> {
            HttpResponse<InputStream> answer = answer(gateway, path, request, answers, fatal);
            try (InputStream body = answer.body()) {
                return reading.read(answer.statusCode(), body);
            } catch (JacksonIOException | UnexpectedEndOfInputException e) {
                // The answer has broken off.
                throw new IOException(e.getOriginalMessage(), e);
            }
        });
    }

    /** An answer that is read by and by, and closed by the caller. */
    InputStream open(String path, Making request) {
        return persistently(gateway -> answer(gateway, path, request, Set.of(), () -> null).body());
    }

    private HttpResponse<InputStream> answer(Gateway gateway, String path, Making request, Set<Integer> answers,
            Supplier<@Nullable RuntimeException> fatal) throws IOException, InterruptedException, Refused {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(gateway.url + path)).timeout(ANSWER);
        if (key != null) {
            builder.header("Authorization", "Bearer " + key);
        }
        HttpResponse<InputStream> answer;
        try {
            answer = http.send(request.make(builder).build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            RuntimeException why = fatal.get();
            if (why != null) {
                throw why;
            }
            throw e;
        }
        if (answer.statusCode() >= 400 && !answers.contains(answer.statusCode())) {
            try (InputStream body = answer.body()) {
                throw new Refused(answer.statusCode(), new String(body.readAllBytes(), StandardCharsets.UTF_8),
                        retryAfter(answer.headers().firstValue("Retry-After")));
            }
        }
        return answer;
    }

    /** Reads an answer. */
    @FunctionalInterface
    interface Reading<R> {
        R read(int status, InputStream body) throws IOException, InterruptedException;
    }

    private static Duration retryAfter(Optional<String> header) {
        try {
            return Duration.ofSeconds(Math.min(60, Long.parseLong(header.orElse("0"))));
        } catch (NumberFormatException e) {
            return Duration.ZERO;
        }
    }

    /** An answer of 400 or more. */
    private static final class Refused extends Exception {

        private static final long serialVersionUID = 1L;

        private final int status;
        private final @Nullable String body;
        private final Duration retryAfter;

        Refused(int status, @Nullable String body, Duration retryAfter) {
            this.status = status;
            this.body = body;
            this.retryAfter = retryAfter;
        }

        /** Whether another gateway, or the same a while later, may answer. */
        boolean mayPass() {
            return status == 429 || status == 502 || status == 503 || status == 504
                    || (status == 409 && problem().path("type").asString("").endsWith(":in-progress"));
        }

        private JsonNode problem() {
            try {
                return body == null || body.isBlank()
                        ? JsonMapper.shared().createObjectNode()
                        : JsonMapper.shared().readTree(body);
            } catch (JacksonException e) {
                return JsonMapper.shared().createObjectNode();
            }
        }

        WrenException exception() {
            JsonNode problem = problem();
            String type = problem.path("type").asString("");
            StringBuilder text = new StringBuilder(problem.path("detail").asString(problem.path("title").asString("")));
            for (JsonNode error : problem.path("errors")) {
                String where = error.path("pointer").asString(error.path("parameter").asString(""));
                text.append(System.lineSeparator()).append("  ").append(where).append(where.isEmpty() ? "" : ": ")
                        .append(error.path("detail").asString(""));
            }
            return new WrenException(
                    status + " " + text, status,
                    type.substring(type.lastIndexOf(':') + 1));
        }
    }

    /** What is tried again where a gateway does not answer. */
    @FunctionalInterface
    private interface Attempt<R> {
        R run(Gateway gateway) throws IOException, InterruptedException, Refused;
    }

    private <R> R persistently(Attempt<R> attempt) {
        Time.Deadline deadline = time.in(patience);
        Duration pause = FIRST_PAUSE;
        for (int tries = 1;; tries++) {
            if (closed) {
                throw new IllegalStateException("the executor is closed");
            }
            int at = current.get();
            Gateway gateway = all.get(at % all.size());
            Duration wait;
            RuntimeException trouble;
            try {
                return attempt.run(gateway);
            } catch (Refused e) {
                if (!e.mayPass()) {
                    throw e.exception();
                }
                trouble = e.exception();
                wait = e.retryAfter;
            } catch (IOException | UncheckedIOException e) {
                trouble = new WrenException("no answer of " + gateway.url + " to " + tries
                        + (tries == 1 ? " request" : " requests") + ": " + why(e), e);
                wait = Duration.ZERO;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new WrenException("interrupted", e);
            }
            current.compareAndSet(at, (at + 1) % all.size());
            if (deadline.isOver()) {
                throw trouble;
            }
            // All are asked at once before one is waited for.
            if (tries % all.size() == 0 || !wait.isZero()) {
                sleep(wait.compareTo(pause) > 0 ? wait : jittered(pause));
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
            }
        }
    }

    /** A while, before a connection that has brought nothing is made once more. */
    void rest() {
        sleep(REST);
    }

    /** Ends all requests. */
    @Override
    public void close() {
        closed = true;
        http.shutdownNow();
    }

    private static String why(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return "nobody listens there";
            }
        }
        return String.valueOf(e.getMessage());
    }

    private static Duration jittered(Duration pause) {
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(pause.toMillis() / 2, pause.toMillis() + 1));
    }

    private void sleep(Duration pause) {
        try {
            time.sleeper().sleep(pause.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WrenException("interrupted", e);
        }
    }
}
