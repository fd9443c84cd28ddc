package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.store.s3.FaultProxy.Fault;
import dev.wren.gateway.store.s3.S3Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import tools.jackson.databind.JsonNode;

/** Results that are written to a bucket of the caller. */
class S3OutputIT {

    private static S3Server s3;
    private static String bucket;
    @TempDir
    private Path store;

    @BeforeAll
    static void startServer() {
        s3 = TestStore.s3();
        bucket = s3.newBucket();
    }

    @AfterEach
    void noFaults() {
        s3.proxy().faults(_ -> Fault.NONE);
    }

    private RunningGateway start() {
        return RunningGateway.startWithFunctions(store, Stream.concat(
                // Wherever the gateway's own store is.
                Stream.of(s3.settings("")).filter(setting -> !setting.startsWith("--wren.store")),
                Stream.of("--wren.s3.allowed-buckets=" + bucket, "--wren.output.part-size=2KB",
                        "--wren.s3.max-attempts=2"))
                .toArray(String[]::new));
    }

    private static String map(String prefix, List<String> data) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"output\":\"s3://" + bucket + "/" + prefix
                + "\",\"iterdata\":[" + data.stream().map(each -> "\"" + each + "\"").collect(Collectors.joining(","))
                + "]}";
    }

    private static List<String> squares() {
        return IntStream.range(0, 100).mapToObj(i -> "square " + i).toList();
    }

    private static JsonNode output(Http http, String id) {
        return http.get("/calls/" + id).json().path("output");
    }

    private static void untilOutput(Http http, String id, String state) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(
                () -> assertThat(output(http, id).path("state").asString()).isEqualTo(state));
    }

    private static List<String> keys(String prefix) {
        try (S3Client client = s3.client()) {
            return client.listObjectsV2(list -> list.bucket(bucket).prefix(prefix)).contents().stream()
                    .map(S3Object::key).toList();
        }
    }

    private static String read(String key) {
        try (S3Client client = s3.client()) {
            return client.getObjectAsBytes(get -> get.bucket(bucket).key(key)).asUtf8String();
        }
    }

    /** Just what the results are by HTTP, whatever the calls came to. */
    private static void assertWritten(Http http, String id, String prefix) {
        untilOutput(http, id, "written");
        String place = prefix + id + "/";
        assertThat(output(http, id).path("uri").asString()).isEqualTo("s3://" + bucket + "/" + place);
        JsonNode manifest = Http.JSON.readTree(read(place + "manifest.json"));
        assertThat(manifest.path("callset").path("callsetId").asString()).isEqualTo(id);
        assertThat(manifest.path("callset").path("done").asBoolean()).isTrue();
        List<String> parts = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        manifest.path("parts").forEach(part -> {
            String text = read(part.path("key").asString());
            assertThat(text.lines().count()).isEqualTo(part.path("calls").asInt());
            assertThat(text.length()).isEqualTo(part.path("bytes").asInt());
            parts.add(part.path("key").asString());
            lines.append(text);
        });
        assertThat(lines.toString()).isEqualTo(
                http.get("/calls/" + id + "/results", "Accept", "application/x-ndjson").text());
        assertThat(keys(place)).hasSize(parts.size() + 1).containsAll(parts);
    }

    @Test
    void results_are_written_in_parts_when_all_calls_have_ended() {
        try (RunningGateway gateway = start()) {
            Http http = gateway.http();
            List<String> data = new ArrayList<>(squares());
            data.add("throw x");
            data.add("null");
            String id = http.map(map("out/", data));
            http.done(id);
            assertWritten(http, id, "out/");
            assertThat(keys("out/" + id)).hasSizeGreaterThan(3);
            String none = http.map(map("out/", List.of()));
            assertWritten(http, none, "out/");
            String running = http.map(map("out/", List.of("forever")));
            assertThat(output(http, running).path("state").asString()).isEqualTo("pending");
            http.post("/calls/" + running + "/cancel", "");
            assertWritten(http, running, "out/");
            assertThat(http.get("/calls/" + http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                    + "\"iterdata\":[1]}")).json().has("output")).isFalse();
        }
    }

    /** Its calls have ended, and its results are not all written, when the gateway ends. */
    @Test
    void what_is_not_written_is_written_after_a_restart() {
        String id;
        try (RunningGateway gateway = start()) {
            Http http = gateway.http();
            s3.proxy().faults(request -> request.path().contains("/late/") && !request.path().contains("part-00000")
                    ? new Fault.Answer(503, "SlowDown", false)
                    : Fault.NONE);
            id = http.map(map("late/", squares()));
            http.done(id);
            await().atMost(Duration.ofSeconds(20)).until(() -> keys("late/").size() == 1);
            assertThat(output(http, id).path("state").asString()).isEqualTo("writing");
        }
        s3.proxy().faults(_ -> Fault.NONE);
        try (RunningGateway gateway = start()) {
            assertWritten(gateway.http(), id, "late/");
        }
    }

    @Test
    void what_heals_is_written_later() {
        try (RunningGateway gateway = start()) {
            Http http = gateway.http();
            s3.proxy().faults(request -> request.path().contains("/healed/") ? new Fault.Reset(true) : Fault.NONE);
            String id = http.map(map("healed/", squares()));
            http.done(id);
            s3.proxy().faults(_ -> Fault.NONE);
            assertWritten(http, id, "healed/");
        }
    }

    @Test
    void what_may_not_be_written_is_told() {
        try (RunningGateway gateway = start()) {
            Http http = gateway.http();
            s3.proxy().faults(request -> request.path().contains("/denied/")
                    ? new Fault.Answer(403, "AccessDenied", false)
                    : Fault.NONE);
            String id = http.map(map("denied/", squares()));
            untilOutput(http, id, "failed");
            assertThat(output(http, id).path("reason").asString()).contains("write s3://" + bucket + "/denied/" + id);
            assertThat(http.get("/calls/" + id + "/00002/result").text()).isEqualTo("4");
            // More than one part of an upload, which is sent before all is written.
            String large = http.map(map("denied/", List.of("huge 9000000")));
            untilOutput(http, large, "failed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"s3://x\"", "\"s3://my-bucket/no-slash\"", "\"https://x/y/\"", "1", "\"\""})
    void what_is_no_prefix_is_refused(String output) {
        try (RunningGateway gateway = start()) {
            Http.Answer refused = gateway.http().post("/calls",
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                            + "\"output\":" + output + ",\"iterdata\":[1]}");
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/output");
            Http.Answer other = gateway.http().post("/calls",
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                            + "\"output\":\"s3://other/x/\",\"iterdata\":[1]}");
            assertThat(other.status()).isEqualTo(403);
            assertThat(other.slug()).isEqualTo("bucket-not-allowed");
            assertThat(other.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/output");
        }
    }
}
