package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.store.s3.FaultProxy;
import dev.wren.gateway.store.s3.S3Server;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Walks every operation of the specification through every answer that is documented for it, and takes the examples of
 * the specification from these answers, with what differs from run to run (ids, times, hashes) made the same. With
 * {@code -Dopenapi.update=true} the examples are written; the specification is to be written after that.
 */
class ExamplesIT {

    private static final String HASH = sha256();

    private static final Path FILE = Path.of("src/main/resources/openapi-examples.json");
    private static final String NDJSON = "application/x-ndjson";
    private static final String KEY = "Idempotency-Key";
    private static final String UNKNOWN = "01m8503ttw00krsvstv3hs5crt";
    private static final JsonMapper PRETTY = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

    private final Map<String, Specification.Operation> operations = new Specification().operations();
    /** What was seen, by operation. */
    private final Map<String, Set<String>> seen = new TreeMap<>();
    private final Map<String, Object> problems = new TreeMap<>();
    private final Map<String, Map<String, Map<String, Object>>> answers = new TreeMap<>();

    /** Where the requests of the walk go. */
    private record Target(String url, String callsetId, String jar) {
    }

    /** The same text for what differs from run to run. */
    private static final class Plain {

        private static final Map<Pattern, String> REPLACED = new LinkedHashMap<>();

        static {
            REPLACED.put(Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z"), "2026-01-02T03:04:05.678Z");
            REPLACED.put(Pattern.compile("default/callsets/[0-9a-z]{26}"),
                    "default/callsets/zybz0000000000000000000001");
            REPLACED.put(Pattern.compile("\\b[0-9a-f]{64}\\b"),
                    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
            REPLACED.put(Pattern.compile("\"size\":\\d{4,}"), "\"size\":11054");
            REPLACED.put(Pattern.compile("\"setupTime\":[\\d.Ee-]+"), "\"setupTime\":0.023510");
            REPLACED.put(Pattern.compile("\"execTime\":[\\d.Ee-]+"), "\"execTime\":0.000142");
            REPLACED.put(Pattern.compile("\"runtimeCached\":(true|false)"), "\"runtimeCached\":true");
            REPLACED.put(Pattern.compile("\"workerId\":\"[^\"]*\""), "\"workerId\":\"local-1\"");
            REPLACED.put(Pattern.compile("cursor=[\\w-]+"), "cursor=AQAAAABleGFtcGxl");
            REPLACED.put(Pattern.compile("(\"stackTrace\":\"[^\"]{0,80}?)\\\\n[^\"]*\""), "$1\\\\n\\\\tat …\"");
            REPLACED.put(Pattern.compile("localhost:\\d+|127\\.0\\.0\\.1:\\d+"), "localhost:8080");
        }

        private static final Pattern ID = Pattern.compile("\\b01[0-9a-hjkmnp-tv-z]{24}\\b");

        static String of(String text) {
            String plain = text;
            for (Map.Entry<Pattern, String> each : REPLACED.entrySet()) {
                plain = each.getKey().matcher(plain).replaceAll(each.getValue());
            }
            Map<String, String> ids = new LinkedHashMap<>();
            Matcher id = ID.matcher(plain);
            StringBuilder out = new StringBuilder();
            while (id.find()) {
                String same = ids.computeIfAbsent(id.group(), _ -> "01jz00000000000000000000" + "%02d".formatted(
                        ids.size() + 1));
                id.appendReplacement(out, same);
            }
            return id.appendTail(out).toString();
        }
    }

    private HttpRequest.Builder request(String operation, Target target, String query, String... headers) {
        Specification.Operation it = operations.get(operation);
        assertThat(it).as(operation).isNotNull();
        String path = it.path().replace("{callsetId}", target.callsetId).replace("{callId}", "00000")
                .replace("{name}", target.jar).replace("{id}", target.jar).replace("{sha256}", HASH);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target.url + path + query));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return request;
    }

    /** A right request, except for what a caller adds. */
    private Http.Answer send(String operation, Target target, String query, String... headers) {
        return send(operation, target, body(operation, target), query, headers);
    }

    private Http.Answer send(String operation, Target target, byte[] body, String query, String... headers) {
        HttpRequest.Builder request = request(operation, target, query, headers);
        String type = switch (operation) {
            case "putJar", "putJarContent" -> "application/java-archive";
            case "map", "reduce", "waitForFutures", "launchInstances", "findMissingJars" -> "application/json";
            default -> "";
        };
        if (!type.isEmpty() && !List.of(headers).contains("Content-Type")) {
            request.header("Content-Type", type);
        }
        return Http.send(request.method(operations.get(operation).method(), BodyPublishers.ofByteArray(body)));
    }

    private static byte[] body(String operation, Target target) {
        try {
            return switch (operation) {
                case "map" -> bytes(map(target.jar, "fn.Mixed", "[\"square 3\",\"throw on purpose\"]"));
                case "reduce" -> bytes(
                        "{\"function\":{\"jar\":\"" + target.jar + "\",\"handler\":\"fn.Echo\"}}");
                case "waitForFutures" -> bytes("{\"callsets\":[\"" + target.callsetId + "\"],\"timeout\":5}");
                case "launchInstances" -> bytes("{\"number\":1,\"maxIdleTime\":60}");
                case "putJar", "putJarContent" -> Files.readAllBytes(RunningGateway.FUNCTIONS);
                case "findMissingJars" -> bytes("{\"sha256\":[\"" + "0".repeat(64) + "\"]}");
                default -> new byte[0];
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256() {
        try {
            return Sha256.of(RunningGateway.FUNCTIONS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String map(String jar, String handler, String data) {
        return "{\"function\":{\"jar\":\"" + jar + "\",\"handler\":\"" + handler + "\"},\"iterdata\":" + data + "}";
    }

    /** Notes a problem; it must be just this one. */
    private Http.Answer problem(String operation, int status, String slug, Http.Answer answer) {
        assertThat(answer.status()).as("%s %s: %s", operation, slug, answer.text()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.slug()).as("%s: %s", operation, answer.text()).isEqualTo(slug);
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        if (status == 429 || status == 503 || slug.equals("in-progress")) {
            assertThat(answer.header("Retry-After")).matches("[1-9]\\d*");
        }
        seen.computeIfAbsent(operation, _ -> new TreeSet<>()).add(status + " " + slug);
        problems.putIfAbsent(slug, plainJson(answer.text()));
        return answer;
    }

    /** Notes an answer that is none. */
    private Http.Answer good(String operation, int status, Http.Answer answer) {
        assertThat(answer.status()).as("%s: %s", operation, answer.text()).isEqualTo(status);
        seen.computeIfAbsent(operation, _ -> new TreeSet<>()).add(Integer.toString(status));
        if (!answer.text().isEmpty()) {
            String type = answer.header("Content-Type").replaceAll(";.*", "");
            Object example = type.equals("application/json") ? plainJson(answer.text()) : Plain.of(answer.text());
            answers.computeIfAbsent(operation, _ -> new TreeMap<>())
                    .computeIfAbsent(Integer.toString(status), _ -> new TreeMap<>()).putIfAbsent(type, example);
        }
        return answer;
    }

    private static Object plainJson(String text) {
        return Http.JSON.readValue(Plain.of(text), Object.class);
    }

    private static String id(Http.Answer answer) {
        return answer.json().path("callsetId").asString();
    }

    @Test
    void every_documented_answer_is_given_and_is_the_example(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("store");
        good(store);
        limits(folder.resolve("limits"));
        memory(folder.resolve("memory"));
        keys(folder.resolve("keys"));
        sources(folder.resolve("sources"));
        faults(store);
        operations.forEach((id, operation) -> assertThat(seen.getOrDefault(id, Set.of())).as(id)
                .isEqualTo(operation.answers()));
        String produced = PRETTY.writeValueAsString(Map.of("problems", problems, "answers", answers)) + "\n";
        Files.writeString(Path.of("target/openapi-examples.json"), produced);
        if (Boolean.getBoolean("openapi.update")) {
            Files.writeString(FILE, produced);
        }
        assertThat(produced).as("compare target/openapi-examples.json").isEqualTo(Files.readString(FILE));
        operations.forEach((id, operation) -> assertThat(operation.examples()).as(id).isEqualTo(operation.withBody()));
    }

    /** All that goes well, and what is refused in its face. */
    private void good(Path store) throws Exception {
        IdleExecutor idle = new IdleExecutor();
        try (RunningGateway gateway = RunningGateway.start(store, idle::in, RunningGateway.MANAGED,
                "--wren.executors.idle.kind=idle", "--wren.callsets.map-item-limit=5",
                "--wren.callsets.max-datum-size=1KB", "--wren.jars.max-size=1MB")) {
            Http http = gateway.http();
            good("listExecutors", 200, send("listExecutors", new Target(gateway.url(), "", ""), ""));
            Target jar = new Target(gateway.url(), UNKNOWN, "fn");
            good("putJar", 201, send("putJar", jar, ""));
            good("putJar", 200, send("putJar", jar, ""));
            good("putJarContent", 200, send("putJarContent", jar, ""));
            good("findMissingJars", 200, send("findMissingJars", jar, ""));
            good("listJars", 200, send("listJars", jar, ""));
            Http.Answer got = good("getJar", 200, send("getJar", jar, ""));
            good("getJar", 304, send("getJar", jar, "", "If-None-Match", got.header("ETag")));

            // Both workers are busy, so that what is new stays so.
            String busy = http.map(map("fn", "fn.Mixed", "[\"forever\",\"forever\"]"));
            untilRunning(http, busy);
            Http.Answer mapped = good("map", 202, send("map", jar, "", KEY, "first"));
            Target it = new Target(gateway.url(), id(mapped), "fn");
            good("map", 200, send("map", it, "", KEY, "first"));
            good("getResult", 202, send("getResult", it, "?checkOnly=true"));
            good("getResults", 202, send("getResults", it, "?checkOnly=true"));
            problem("redrive", 409, "not-done", send("redrive", it, ""));
            Http.Answer waiting = good("reduce", 202, send("reduce", it, "", KEY, "reduce"));
            good("reduce", 200, send("reduce", it, "", KEY, "reduce"));
            good("cancelCallset", 202, send("cancelCallset", new Target(gateway.url(), id(waiting), "fn"), ""));
            String single = http.map(map("fn", "fn.Mixed", "[\"forever\"]"));
            good("cancelCall", 202, send("cancelCall", new Target(gateway.url(), single, "fn"), ""));
            problem("getResult", 410, "call-cancelled", send("getResult", new Target(gateway.url(), single, "fn"),
                    ""));
            problem("getResults", 410, "call-cancelled", send("getResults", new Target(gateway.url(), single, "fn"),
                    ""));
            http.post("/calls/" + busy + "/cancel", "");
            http.done(it.callsetId);

            Http.Answer callset = good("getCallset", 200, send("getCallset", it, ""));
            good("getCallset", 304, send("getCallset", it, "", "If-None-Match", callset.header("ETag")));
            good("listCallsets", 200, send("listCallsets", it, "?limit=1"));
            good("listFutures", 200, send("listFutures", it, "?limit=1"));
            Http.Answer future = good("getFuture", 200, send("getFuture", it, ""));
            good("getFuture", 304, send("getFuture", it, "", "If-None-Match", future.header("ETag")));
            good("getResult", 200, send("getResult", it, ""));
            problem("getResults", 424, "call-failed", send("getResults", it, ""));
            good("getResults", 200, send("getResults", it, "?throwExcept=false"));
            good("getResults", 200, send("getResults", it, "", "Accept", NDJSON));
            String failed = http.map(map("fn", "fn.Mixed", "[\"throw on purpose\"]"));
            Target bad = new Target(gateway.url(), failed, "fn");
            problem("getResult", 424, "call-failed", send("getResult", bad, ""));
            good("getResult", 204, send("getResult", bad, "?throwExcept=false"));
            String printing = http.map(map("fn", "fn.Mixed", "[\"print hello\"]"));
            http.done(printing);
            good("getLogs", 200, send("getLogs", new Target(gateway.url(), printing, "fn"), ""));
            Http.Answer events = good("getEvents", 200, send("getEvents", bad, ""));
            String last = events.text().lines().filter(line -> line.startsWith("id: ")).toList().getLast();
            good("getEvents", 204, send("getEvents", bad, "", "Last-Event-ID", last.substring(4)));
            good("waitForFutures", 200, send("waitForFutures", it, ""));
            String again = http.map(map("fn", "fn.Mixed", "[\"forever\",\"forever\"]"));
            untilRunning(http, again);
            good("redrive", 202, send("redrive", it, "", KEY, "redrive"));
            good("redrive", 200, send("redrive", it, "", KEY, "redrive"));
            http.post("/calls/" + again + "/cancel", "");

            instances(gateway, idle);
            wrong(gateway, it, idle);
            good("deleteCallset", 204, send("deleteCallset", bad, ""));
            http.putJar("other", RunningGateway.EXAMPLES);
            good("deleteJar", 204, send("deleteJar", new Target(gateway.url(), UNKNOWN, "other"), ""));
        }
    }

    private void instances(RunningGateway gateway, IdleExecutor idle) throws Exception {
        Target it = new Target(gateway.url(), UNKNOWN, "laptop");
        Http.Answer launched = good("launchInstances", 202, send("launchInstances", it, "", KEY, "launch"));
        good("launchInstances", 200, send("launchInstances", it, "", KEY, "launch"));
        problem("launchInstances", 422, "idempotency-key-reused",
                send("launchInstances", it, bytes("{}"), "", KEY, "launch"));
        problem("launchInstances", 502, "ec2-refused",
                send("launchInstances", it, bytes("{\"instanceType\":\"x9.huge\"}"), ""));
        problem("launchInstances", 413, "too-large",
                send("launchInstances", it, bytes("\"" + "x".repeat(100_000) + "\""), ""));
        good("listInstances", 200, send("listInstances", it, ""));
        good("getInstance", 200, send("getInstance", it, ""));
        Target one = new Target(gateway.url(), UNKNOWN,
                launched.json().path("items").get(0).path("id").asString());
        good("endInstance", 202, send("endInstance", one, ""));
        good("endInstances", 202, send("endInstances", it, ""));
        idle.pool().refuses(true);
        problem("endInstance", 502, "ec2-refused", send("endInstance", one, ""));
        problem("endInstances", 502, "ec2-refused", send("endInstances", one, ""));
        idle.pool().refuses(false);
        CountDownLatch gate = new CountDownLatch(1);
        idle.pool().waitsFor(gate);
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<Http.Answer> slow = thread.submit(() -> send("launchInstances", it, "", KEY, "slow-launch"));
            try {
                await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> problem("launchInstances", 409,
                        "in-progress", send("launchInstances", it, "", KEY, "slow-launch")));
            } finally {
                gate.countDown();
                idle.pool().waitsFor(null);
            }
            assertThat(slow.get().status()).isEqualTo(202);
        }
    }

    private void wrong(RunningGateway gateway, Target it, IdleExecutor idle) throws Exception {
        for (Specification.Operation operation : operations.values()) {
            String id = operation.id();
            problem(id, 400, "invalid-request", send(id, it, "?nope=1"));
            problem(id, 403, "not-allowed", send(id, it, "", "Origin", "https://elsewhere.example"));
            Target unknown = new Target(it.url, UNKNOWN, "unknown");
            if (operation.answers().contains("404 not-found")) {
                problem(id, 404, "not-found", send(id, unknown, ""));
            }
            if (operation.answers().contains("406 not-acceptable")) {
                problem(id, 406, "not-acceptable", send(id, it, "", "Accept", "image/png"));
            }
            if (operation.answers().contains("415 unsupported-media-type")) {
                problem(id, 415, "unsupported-media-type", send(id, it, "", "Content-Type", "text/plain"));
            }
            if (operation.answers().contains("400 malformed-json")) {
                problem(id, 400, "malformed-json", send(id, it, bytes("{\"iterdata\": [1,\n 2,, 3]}"), ""));
            }
        }
        problem("map", 403, "bucket-not-allowed", send("map", it, bytes(map("s3://bucket/key", "a.B", "[]")), ""));
        problem("map", 422, "invalid-function", send("map", it, bytes(map("fn", "fn.Nope", "[1]")), ""));
        problem("map", 422, "map-item-limit", send("map", it, bytes(map("fn", "fn.Echo", "[1,2,3,4,5,6]")), ""));
        problem("map", 413, "too-large",
                send("map", it, bytes(map("fn", "fn.Echo", "[\"" + "x".repeat(2000) + "\"]")), ""));
        problem("reduce", 422, "invalid-function",
                send("reduce", it, bytes("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Nope\"}}"), ""));
        problem("reduce", 413, "too-large", send("reduce", it, bytes("\"" + "x".repeat(200_000) + "\""), ""));
        problem("putJar", 422, "invalid-jar", send("putJar", it, bytes("no jar"), ""));
        problem("putJar", 413, "too-large", send("putJar", it, new byte[2 << 20], ""));
        problem("putJarContent", 422, "invalid-jar", Http.send(request("putJarContent", it, "", "Content-Type",
                "application/java-archive").uri(URI.create(it.url + "/jars/sha256:" + Sha256.hex("no jar")))
                .PUT(BodyPublishers.ofString("no jar"))));
        problem("putJarContent", 413, "too-large", send("putJarContent", it, new byte[2 << 20], ""));
        problem("findMissingJars", 413, "too-large",
                send("findMissingJars", it, bytes("\"" + "x".repeat(1 << 19) + "\""), ""));
        problem("waitForFutures", 413, "too-large",
                send("waitForFutures", it, bytes("\"" + "x".repeat(5 << 20) + "\""), ""));

        // Idempotency keys.
        try (RawRequest slow = new RawRequest(gateway.url(), "/calls", "Content-Type", "application/json", KEY,
                "slow")) {
            slow.send("{");
            until(new Http(gateway.managementUrl()), "wren_callsets_receiving 1.0");
            for (String id : List.of("map", "redrive", "reduce")) {
                problem(id, 409, "in-progress", send(id, it, "", KEY, "slow"));
            }
        }
        for (String id : List.of("map", "redrive", "reduce")) {
            problem(id, 422, "idempotency-key-reused",
                    send(id, it, "", KEY, id.equals("map") ? "redrive" : "first"));
            String made = id(send(id, it, "", KEY, "gone-" + id));
            gateway.http().delete("/calls/" + made);
            problem(id, 410, "gone", send(id, it, "", KEY, "gone-" + id));
        }

        // An executor that is not ready.
        String idling = gateway.http().map(map("fn", "fn.Echo", "[1]").replace("{\"function\"",
                "{\"executor\":\"idle\",\"function\""));
        gateway.http().post("/calls/" + idling + "/cancel", "");
        idle.ready(false);
        Target placed = new Target(gateway.url(), idling, "fn");
        problem("map", 409, "executor-not-ready", send("map", placed,
                bytes(map("fn", "fn.Echo", "[1]").replace("{\"function\"", "{\"executor\":\"idle\",\"function\"")),
                ""));
        problem("redrive", 409, "executor-not-ready", send("redrive", placed, ""));
        problem("reduce", 409, "executor-not-ready", send("reduce", placed, ""));
        problem("launchInstances", 409, "executor-not-ready", send("launchInstances", placed, ""));
    }

    /** As many as there may be at once. */
    private void limits(Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, RunningGateway.MANAGED,
                "--wren.callsets.max-running=1",
                "--wren.web.max-parked=1", "--wren.jars.max-uploads=1");
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Http http = gateway.http();
            String done = http.map(map("fn", "fn.Echo", "[1]"));
            http.done(done);
            String running = http.map(map("fn", "fn.Mixed", "[\"forever\"]"));
            Target it = new Target(gateway.url(), running, "fn");
            problem("map", 429, "too-many", send("map", it, ""));
            problem("redrive", 429, "too-many", send("redrive", new Target(gateway.url(), done, "fn"), ""));
            problem("reduce", 429, "too-many", send("reduce", it, ""));
            Future<Http.Answer> parked = thread.submit(() -> http.get("/calls/" + running + "?wait=60"));
            Http management = new Http(gateway.managementUrl());
            until(management, "wren_polls_parked 1.0");
            problem("getCallset", 429, "too-many", send("getCallset", it, "?wait=5"));
            problem("getFuture", 429, "too-many", send("getFuture", it, "?wait=5"));
            problem("getResult", 429, "too-many", send("getResult", it, ""));
            problem("getResults", 429, "too-many", send("getResults", it, ""));
            problem("getEvents", 429, "too-many", send("getEvents", it, ""));
            problem("waitForFutures", 429, "too-many", send("waitForFutures", it, ""));
            try (RawRequest slow = RawRequest.put(gateway.url(), "/jars/slow", "Content-Type",
                    "application/java-archive")) {
                slow.send("PK");
                until(management, "wren_jars_uploads 1.0");
                problem("putJar", 429, "too-many", send("putJar", it, bytes("no jar"), ""));
                problem("putJarContent", 429, "too-many", send("putJarContent", it, bytes("no jar"), ""));
            }
            http.post("/calls/" + running + "/cancel", "");
            assertThat(parked.get().status()).isEqualTo(200);
        }
    }

    /** So little memory for requests that no body of any size has room. */
    private void memory(Path store) {
        try (RunningGateway gateway = RunningGateway.start(store, new IdleExecutor()::in,
                "--wren.executors.idle.kind=idle", "--wren.callsets.receive-memory=64KB")) {
            problem("launchInstances", 429, "too-many", send("launchInstances", new Target(gateway.url(), "", ""),
                    bytes("{\"gitBranch\":\"" + "x".repeat(60_000) + "\"}"), ""));
            problem("findMissingJars", 429, "too-many", send("findMissingJars", new Target(gateway.url(), "", ""),
                    bytes("{\"sha256\":[\"" + "x".repeat(60_000) + "\"]}"), ""));
        }
    }

    private static void untilRunning(Http http, String id) {
        await().atMost(Duration.ofSeconds(20)).until(
                () -> http.get("/calls/" + id).json().path("states").path("running").asInt() == 2);
    }

    private static void until(Http management, String metric) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> management.get("/actuator/prometheus").text().contains(metric));
    }

    private void keys(Path store) {
        try (RunningGateway gateway = RunningGateway.start(store, "--wren.security.keys[0].name=a",
                "--wren.security.keys[0].sha256=" + Sha256.hex("secret"))) {
            Target it = new Target(gateway.url(), UNKNOWN, "fn");
            operations.keySet().forEach(id -> assertThat(
                    problem(id, 401, "unauthorized", send(id, it, "")).header("WWW-Authenticate"))
                    .isEqualTo("Bearer"));
        }
    }

    /** A jar in a bucket, which is deleted each time when half of it is read. */
    private void sources(Path store) {
        S3Server s3 = TestStore.s3();
        List<String> settings = new ArrayList<>(TestStore.onS3(store));
        settings.add("--wren.s3.allowed-buckets=my-jars");
        try (S3Client client = s3.client();
                RunningGateway gateway = RunningGateway.startWithFunctions(store, settings.toArray(String[]::new))) {
            client.createBucket(create -> create.bucket("my-jars"));
            s3.proxy().faults(request -> {
                if (request.path().equals("/my-jars/functions.jar") && request.headers().containsKey("range")) {
                    client.deleteObject(delete -> delete.bucket("my-jars").key("functions.jar"));
                }
                return FaultProxy.Fault.NONE;
            });
            Target it = new Target(gateway.url(), gateway.http().map(map("fn", "fn.Echo", "[1]")),
                    "s3://my-jars/functions.jar");
            for (String operation : List.of("map", "reduce")) {
                client.putObject(put -> put.bucket("my-jars").key("functions.jar"),
                        RequestBody.fromBytes(new byte[10 << 20]));
                problem(operation, 409, "source-changed", send(operation, it, ""));
            }
            problem("reduce", 403, "bucket-not-allowed",
                    send("reduce", new Target(gateway.url(), it.callsetId, "s3://bucket/key"), ""));
        } finally {
            s3.proxy().faults(_ -> FaultProxy.Fault.NONE);
        }
    }

    /** A store that does not answer, and objects that are damaged, met by a gateway that has just started. */
    private void faults(Path store) throws Exception {
        String fine;
        String damaged;
        try (RunningGateway gateway = RunningGateway.start(store, new IdleExecutor()::in,
                "--wren.executors.idle.kind=idle")) {
            gateway.http().putJar("broken", RunningGateway.EXAMPLES);
            fine = gateway.http().map(map("fn", "fn.Echo", "[1]"));
            damaged = gateway.http().map(map("fn", "fn.Echo", "[1]"));
            gateway.http().done(fine);
            gateway.http().done(damaged);
        }
        String key = CallsetId.parse(damaged).orElseThrow().key();
        TestStore.write(store, "default/callsets/" + key + "/callset", "rot");
        TestStore.write(store, "default/jars/names/broken", "rot");
        FaultyStore faulty = new FaultyStore();
        try (RunningGateway gateway = RunningGateway.start(store, context -> {
            new IdleExecutor().in(context);
            faulty.in(context);
        }, "--wren.executors.idle.kind=idle")) {
            Target broken = new Target(gateway.url(), damaged, "broken");
            for (Specification.Operation operation : operations.values()) {
                if (operation.answers().contains("500 damaged")) {
                    problem(operation.id(), 500, "damaged", send(operation.id(), broken, ""));
                }
            }
            // The others are not harmed, and what is damaged can be removed.
            assertThat(gateway.http().get("/calls?limit=1000").text()).contains(fine).doesNotContain(damaged);
            assertThat(gateway.http().get("/jars").status()).isEqualTo(200);
            assertThat(gateway.http().delete("/calls/" + damaged).status()).isEqualTo(204);
            assertThat(gateway.http().get("/calls/" + damaged).status()).isEqualTo(404);
            assertThat(gateway.http().delete("/jars/broken").status()).isEqualTo(204);
        }
        IdleExecutor idle = new IdleExecutor();
        idle.pool().fails();
        try (RunningGateway gateway = RunningGateway.start(store, context -> {
            idle.in(context);
            faulty.in(context);
        }, "--wren.executors.idle.kind=idle")) {
            faulty.fail(true);
            Target it = new Target(gateway.url(), fine, "fn");
            for (Specification.Operation operation : operations.values()) {
                if (operation.answers().contains("503 unavailable")) {
                    problem(operation.id(), 503, "unavailable", operation.id().equals("launchInstances")
                            ? send(operation.id(), it, "", KEY, "launch")
                            : send(operation.id(), it, ""));
                }
            }
            faulty.fail(false);
            assertThat(gateway.http().get("/calls/" + fine).status()).isEqualTo(200);
        }
    }
}
