package dev.wren.gateway.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.sqs.SqsClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A stand-in for AWS Lambda: the API that invokes, in front of the real {@code wren-lambda.jar} under AWS's own runtime
 * interface client, in child processes over Lambda's runtime API. It throttles, delivers twice and lets environments crash
 * as a test wants it.
 */
public final class LambdaServer implements AutoCloseable {

    static final Path JAR = Path.of(System.getProperty("test.wren.lambda")).toAbsolutePath();

    private static final Pattern INVOKE = Pattern.compile("/2015-03-31/functions/([^/]+)/invocations");
    private static final Pattern CONFIGURATION = Pattern.compile("/2015-03-31/functions/([^/]+)/configuration");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SqsServer sqs;
    private final SqsClient failures;
    private final LinkedBlockingQueue<Invocation> events = new LinkedBlockingQueue<>();
    private final Map<String, LambdaEnvironment> environments = new ConcurrentHashMap<>();
    private final AtomicInteger names = new AtomicInteger();
    private final AtomicInteger invocations = new AtomicInteger();
    private final Random random = new Random(18);
    private final Map<String, String> variables = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> payloads = new ConcurrentLinkedQueue<>();
    private volatile int maxEnvironments = 6;
    private volatile int timeoutSeconds = 900;
    private volatile String runtime = "java25";
    private volatile double throttled;
    private volatile double twice;
    private volatile double crashed;
    private volatile double lost;
    private volatile double late;
    private final AtomicInteger lostReports = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();
    private volatile String queue = "";
    private volatile boolean keepsPayloads;
    private volatile boolean closed;

    private LambdaServer(SqsServer sqs) {
        this.sqs = sqs;
        this.failures = sqs.client();
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/2015-03-31/", this::api);
        server.createContext("/sqs", this::send);
        server.createContext("/", this::others);
        server.start();
    }

    public static LambdaServer start(SqsServer sqs) {
        return new LambdaServer(sqs);
    }

    /** An invocation that was accepted. */
    record Invocation(String id, byte[] payload, boolean isEvent, CompletableFuture<Answer> answer) {
    }

    /** What an invocation came to. */
    record Answer(byte[] body, boolean isError) {
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Parts, from 0 to 1, of the invocations that are refused, delivered twice, or whose environment crashes. */
    public void faults(double throttledNow, double twiceNow, double crashedNow) {
        throttled = throttledNow;
        twice = twiceNow;
        crashed = crashedNow;
    }

    /** Parts, from 0 to 1, of the reports that are lost, or come late. */
    public void reportFaults(double lostNow, double lateNow) {
        lost = lostNow;
        late = lateNow;
    }

    /** Reports that were lost. */
    public int lostReports() {
        return lostReports.get();
    }

    /** The function's own time limit. */
    public void timeout(int seconds) {
        timeoutSeconds = seconds;
    }

    public void runtime(String now) {
        runtime = now;
    }

    public void environments(int most) {
        maxEnvironments = most;
    }

    /** URL of the failure destination. */
    public void failuresTo(String queueUrl) {
        queue = queueUrl;
    }

    /** Variables of environments that start from now on. */
    public Map<String, String> variables() {
        return variables;
    }

    /** How often functions were invoked, and not refused. */
    public int invocations() {
        return invocations.get();
    }

    /** Payloads of invocations, from the first call of this on. */
    public List<String> payloads() {
        keepsPayloads = true;
        return List.copyOf(payloads);
    }

    /** Environments that were started so far. */
    public int started() {
        return names.get();
    }

    /** Environments that are there. */
    public int size() {
        return environments.size();
    }

    private boolean happens(double part) {
        synchronized (random) {
            return random.nextDouble() < part;
        }
    }

    private void api(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getRawPath();
            Matcher invoke = INVOKE.matcher(path);
            Matcher configuration = CONFIGURATION.matcher(path);
            if (invoke.matches()) {
                if (isThere(exchange, invoke.group(1))) {
                    invoke(exchange);
                }
            } else if (configuration.matches()) {
                if (isThere(exchange, configuration.group(1))) {
                    answer(exchange, 200, """
                            {"FunctionName":"wren-worker","Runtime":"%s","Handler":\
                            "dev.wren.worker.lambda.LambdaWorker::handleRequest","MemorySize":1769,"Timeout":%d,\
                            "State":"Active","PackageType":"Zip","CodeSha256":"x","Version":"1","RevisionId":"%s"}"""
                            .formatted(runtime, timeoutSeconds, variables.hashCode()));
                }
            } else {
                answer(exchange, 404, "{}");
            }
        }
    }

    private static boolean isThere(HttpExchange exchange, String function) throws IOException {
        if (function.startsWith("wren-worker")) {
            return true;
        }
        exchange.getResponseHeaders().set("x-amzn-ErrorType", "ResourceNotFoundException");
        answer(exchange, 404, "{\"Message\":\"Function not found: " + function + "\",\"Type\":\"User\"}");
        return false;
    }

    private void others(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getRawPath();
            if (path.startsWith("/env-")) {
                String name = path.substring(1, path.indexOf('/', 1));
                LambdaEnvironment environment = environments.get(name);
                if (environment == null) {
                    answer(exchange, 410, "{}");
                } else {
                    environment.runtimeApi(exchange, path.substring(name.length() + 1));
                }
            } else if (path.startsWith("/2016-08-19/account-settings")) {
                answer(exchange, 200, "{\"AccountLimit\":{\"UnreservedConcurrentExecutions\":200}}");
            } else {
                answer(exchange, 200, "{}");
            }
        }
    }

    private void invoke(HttpExchange exchange) throws IOException {
        byte[] payload = exchange.getRequestBody().readAllBytes();
        boolean isEvent = "Event".equals(exchange.getRequestHeaders().getFirst("X-Amz-Invocation-Type"));
        String id = UUID.randomUUID().toString();
        exchange.getResponseHeaders().set("x-amzn-RequestId", id);
        if (payload.length > (isEvent ? 1 << 20 : 6 << 20)) {
            exchange.getResponseHeaders().set("x-amzn-ErrorType", "RequestTooLargeException");
            answer(exchange, 413, "{\"Message\":\"too large\",\"Type\":\"User\"}");
            return;
        }
        if (happens(throttled)) {
            exchange.getResponseHeaders().set("x-amzn-ErrorType", "TooManyRequestsException");
            exchange.getResponseHeaders().set("Retry-After", "0");
            answer(exchange, 429,
                    "{\"Reason\":\"ConcurrentInvocationLimitExceeded\",\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}");
            return;
        }
        invocations.incrementAndGet();
        if (keepsPayloads) {
            payloads.add(new String(payload, StandardCharsets.UTF_8));
        }
        Invocation invocation = new Invocation(id, payload, isEvent, new CompletableFuture<>());
        accept(invocation);
        if (isEvent) {
            if (happens(twice)) {
                accept(new Invocation(id, payload, true, new CompletableFuture<>()));
            }
            answer(exchange, 202, "");
            return;
        }
        try {
            Answer answer = invocation.answer.get(timeoutSeconds + 10L, TimeUnit.SECONDS);
            if (answer.isError) {
                exchange.getResponseHeaders().set("X-Amz-Function-Error", "Unhandled");
            }
            answer(exchange, 200, answer.body);
        } catch (InterruptedException | ExecutionException | java.util.concurrent.TimeoutException e) {
            answer(exchange, 500, "{}");
        }
    }

    void accept(Invocation invocation) {
        events.add(invocation);
        synchronized (environments) {
            if (!closed && environments.size() < maxEnvironments
                    && environments.values().stream().filter(LambdaEnvironment::isIdle).count() < events.size()) {
                String name = "env-" + names.incrementAndGet();
                environments.put(name, LambdaEnvironment.start(this, name));
            }
        }
    }

    /** The next event for an environment; nothing when there was none for a while. */
    Invocation next() throws InterruptedException {
        return events.poll(1, TimeUnit.SECONDS);
    }

    boolean crashesNow() {
        return happens(crashed);
    }

    int timeoutSeconds() {
        return timeoutSeconds;
    }

    String sqsEndpoint() {
        return endpoint() + "/sqs";
    }

    /** What workers send, on its way to SQS: some goes to a queue that nobody reads, and some comes late. */
    private void send(HttpExchange exchange) throws IOException {
        try (exchange) {
            ObjectNode request = (ObjectNode) JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
            if (happens(lost)) {
                lostReports.incrementAndGet();
                request.put("QueueUrl", failures.createQueue(create -> create.queueName("lost")).queueUrl());
            } else if (happens(late)) {
                request.put("DelaySeconds", 1);
            }
            HttpRequest.Builder on = HttpRequest.newBuilder(sqs.endpoint());
            for (String header : List.of("Content-Type", "X-Amz-Target", "Authorization", "X-Amz-Date")) {
                String value = exchange.getRequestHeaders().getFirst(header);
                if (value != null) {
                    on.header(header, value);
                }
            }
            HttpResponse<byte[]> answer = http.send(
                    on.POST(HttpRequest.BodyPublishers.ofString(request.toString())).build(),
                    HttpResponse.BodyHandlers.ofByteArray());
            answer(exchange, answer.statusCode(), answer.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean isClosed() {
        return closed;
    }

    ExecutorService threads() {
        return threads;
    }

    /** The environment has ended. */
    void ended(LambdaEnvironment environment) {
        synchronized (environments) {
            environments.values().remove(environment);
        }
        if (!closed && !events.isEmpty()) {
            Invocation waiting = events.poll();
            if (waiting != null) {
                accept(waiting);
            }
        }
    }

    /** An invocation came to an error: as Lambda says it to its caller, or to the failure destination. */
    void failed(Invocation invocation, String errorType, String message) {
        JsonMapper json = JsonMapper.shared();
        ObjectNode error = json.createObjectNode().put("errorType", errorType).put("errorMessage", message);
        if (!invocation.isEvent) {
            invocation.answer.complete(new Answer(error.toString().getBytes(StandardCharsets.UTF_8), true));
            return;
        }
        if (queue.isEmpty()) {
            return;
        }
        ObjectNode record = json.createObjectNode().put("version", "1.0").put("timestamp", "2026-01-01T00:00:00Z");
        record.putObject("requestContext").put("requestId", invocation.id)
                .put("functionArn", "arn:aws:lambda:us-east-1:000000000000:function:wren-worker:1")
                .put("condition", "RetriesExhausted").put("approximateInvokeCount", 1);
        JsonNode payload = json.readTree(invocation.payload);
        // It may be dropped: then only the request's id says what it was.
        if (happens(0.5)) {
            record.set("requestPayload", payload);
        }
        record.putObject("responseContext").put("statusCode", 200).put("executedVersion", "1")
                .put("functionError", "Unhandled");
        record.set("responsePayload", error);
        String body = record.toString().chars().collect(StringBuilder::new, (text, c) -> {
            if (c < 0x80) {
                text.append((char) c);
            } else {
                text.append(String.format("\\u%04x", c));
            }
        }, StringBuilder::append).toString();
        failures.sendMessage(send -> send.queueUrl(queue).messageBody(body));
    }

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        answer(exchange, status, body.getBytes(StandardCharsets.UTF_8));
    }

    static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Forgets what waits, and ends the environments that have something to do. */
    public void calm() {
        events.clear();
        environments.values().stream().filter(environment -> !environment.isIdle()).toList().forEach(environment -> {
            environments.values().remove(environment);
            environment.end();
        });
    }

    /** Ends the environments, and forgets what waits. */
    public void clear() {
        events.clear();
        List.copyOf(environments.values()).forEach(environment -> {
            environments.values().remove(environment);
            environment.end();
        });
    }

    @Override
    public void close() {
        closed = true;
        clear();
        server.stop(0);
        threads.shutdownNow();
        failures.close();
    }
}
