package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.store.s3.S3Server;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import tools.jackson.databind.JsonNode;

/** A gateway with its store on S3: what it asks S3 for. */
class S3IT {

    private static final Pattern REQUESTS = Pattern
            .compile("wren_s3_requests_total\\{operation=\"(\\w+)\"\\} ([\\d.E]+)");
    private static S3Server s3;

    @BeforeAll
    static void startServer() {
        s3 = TestStore.s3();
    }

    private static String[] settings(String location) {
        return Stream
                .concat(Stream.of(s3.settings(location)), Stream.of(RunningGateway.MANAGED, "--wren.gateways.lease=1h",
                        "--wren.executors.idle.kind=idle"))
                .toArray(String[]::new);
    }

    /** Requests so far, by operation. */
    private static Map<String, Integer> requests(RunningGateway gateway) {
        Map<String, Integer> counts = new TreeMap<>();
        Matcher line = REQUESTS.matcher(new Http(gateway.managementUrl()).get("/actuator/prometheus").text());
        while (line.find()) {
            counts.put(line.group(1), (int) Double.parseDouble(line.group(2)));
        }
        return counts;
    }

    /** Requests that came with an action. */
    private static Map<String, Integer> requests(RunningGateway gateway, Runnable action) {
        Map<String, Integer> before = requests(gateway);
        action.run();
        Map<String, Integer> more = requests(gateway);
        before.forEach((operation, count) -> more.computeIfPresent(operation,
                (_, now) -> now.equals(count) ? null : now - count));
        return more;
    }

    private static String map(String executor, int size) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"executor\":\"" + executor
                + "\",\"iterdata\":" + IntStream.range(0, size).boxed().toList() + "}";
    }

    @Test
    void requests_are_few() {
        String location = "s3://" + s3.newBucket() + "/store";
        try (RunningGateway gateway = RunningGateway.startWithFunctions(Path.of("unused"), new IdleExecutor()::in,
                settings(location))) {
            Http http = gateway.http();
            http.done(http.map(map("local", 10)));
            // The jar's name is looked up; nothing else is asked for.
            assertThat(requests(gateway, () -> http.map(map("idle", 10_000)))).as("a submission")
                    .isEqualTo(Map.of("GetObject", 1, "PutObject", 1));
            assertThat(requests(gateway, () -> http.post("/calls", map("idle", 10), "Idempotency-Key", "k")))
                    .as("with a key, which is wanted, and then had").isEqualTo(Map.of("GetObject", 2, "PutObject", 3));
            List<String> ids = new ArrayList<>();
            Map<String, Integer> thousand = requests(gateway, () -> {
                String id = http.map(map("local", 1000));
                ids.add(id);
                http.done(id);
            });
            assertThat(thousand.values().stream().mapToInt(each -> each).sum()).as("1,000 calls: %s", thousand)
                    .isLessThanOrEqualTo(50);
            assertThat(thousand).as("completion lists nothing").doesNotContainKey("ListObjectsV2");
            assertThat(requests(gateway, () -> {
                http.get("/calls/" + ids.getFirst() + "/results");
                http.get("/calls/" + ids.getFirst() + "/00500");
                http.get("/calls?state=running");
            })).as("what is in memory is not asked for").isEmpty();
        }
    }

    /** However many callsets there are, and however many segments a log has: two for each shard, and a few more. */
    @Test
    void a_start_and_a_future_of_a_long_log_cost_few_requests() {
        String bucket = s3.newBucket();
        String location = "s3://" + bucket + "/store";
        String id;
        try (RunningGateway gateway = RunningGateway.startWithFunctions(Path.of("unused"), new IdleExecutor()::in,
                settings(location))) {
            Http http = gateway.http();
            for (int i = 0; i < 30; i++) {
                http.done(http.map(map("local", 1)));
            }
            id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":1,\"iterdata\":"
                    + Collections.nCopies(150, "\"sleep 20\"") + "}");
            http.done(id);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> keys(bucket, id).anyMatch(key -> key.endsWith("-index")));
            assertThat(keys(bucket, id).filter(key -> key.contains("/log/0")).count()).isGreaterThan(20);
        }
        try (RunningGateway gateway = RunningGateway.start(Path.of("unused"), new IdleExecutor()::in,
                settings(location))) {
            Map<String, Integer> start = requests(gateway);
            assertThat(start.values().stream().mapToInt(each -> each).sum()).as("a start: %s", start)
                    .isLessThanOrEqualTo(15 + 2 * 16);
            assertThat(requests(gateway, () -> gateway.http().get("/calls/" + id + "/00077")))
                    .as("its manifest, its totals, its index, and the segment of the call")
                    .isEqualTo(Map.of("GetObject", 4, "ListObjectsV2", 2));
            assertThat(gateway.http().get("/calls/" + id + "/results").json()).hasSize(150);
            JsonNode states = gateway.http().get("/calls/" + id).json().path("states");
            assertThat(states.path("success").asInt()).isEqualTo(150);
        }
    }

    private static Stream<String> keys(String bucket, String callset) {
        String prefix = "store/" + ObjectKeys.callset("default", CallsetId.parse(callset).orElseThrow());
        try (S3Client client = s3.client()) {
            return client.listObjectsV2(list -> list.bucket(bucket).prefix(prefix)).contents().stream()
                    .map(S3Object::key);
        }
    }
}
