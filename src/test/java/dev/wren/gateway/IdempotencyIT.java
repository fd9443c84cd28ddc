package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.protocol.Sha256;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same request with the same Idempotency-Key makes one callset. */
class IdempotencyIT {

    private static final String KEY = "Idempotency-Key";

    private static RunningGateway gateway;
    private static Http http;
    private static final TestClock CLOCK = new TestClock();

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.startWithFunctions(folder, CLOCK::in, RunningGateway.MANAGED);
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String map(String data) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":" + data + "}";
    }

    private static String id(Http.Answer answer) {
        return answer.json().path("callsetId").asString();
    }

    @Test
    void again_is_200_with_the_same_callset() {
        Http.Answer first = http.post("/calls", map("[1,2]"), KEY, "again");
        Http.Answer second = http.post("/calls", map("[1,2]"), KEY, "again");
        assertThat(first.status()).isEqualTo(202);
        assertThat(second.status()).isEqualTo(200);
        assertThat(id(second)).isEqualTo(id(first));
        assertThat(second.json().path("futures").size()).isEqualTo(2);
        assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    }

    @Test
    void another_body_query_or_type_is_422() {
        http.post("/calls", map("[1]"), KEY, "other");
        Http.Answer other = http.post("/calls", map("[1] "), KEY, "other");
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.slug()).isEqualTo("idempotency-key-reused");
        var lines = HttpRequest.BodyPublishers.ofString("1\n");
        assertThat(http.lines("/calls?jar=fn&handler=fn.Square", lines, KEY, "lines").status()).isEqualTo(202);
        assertThat(http.lines("/calls?jar=fn&handler=fn.Square", lines, KEY, "lines").status()).isEqualTo(200);
        assertThat(http.lines("/calls?jar=fn&handler=fn.Echo", lines, KEY, "lines").status()).isEqualTo(422);
    }

    @Test
    void of_32_that_race_one_wins() throws Exception {
        for (int round = 0; round < 5; round++) {
            String key = "race-" + round;
            CountDownLatch go = new CountDownLatch(1);
            List<Callable<Http.Answer>> racers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                racers.add(() -> {
                    go.await();
                    return http.post("/calls", map("[1,2,3]"), KEY, key);
                });
            }
            Set<String> ids = new HashSet<>();
            int created = 0;
            try (ExecutorService threads = Executors.newFixedThreadPool(32)) {
                List<Future<Http.Answer>> answers = racers.stream().map(threads::submit).toList();
                go.countDown();
                for (Future<Http.Answer> each : answers) {
                    Http.Answer answer = each.get();
                    switch (answer.status()) {
                        case 202 -> {
                            created++;
                            ids.add(id(answer));
                        }
                        case 200 -> ids.add(id(answer));
                        default -> {
                            assertThat(answer.status()).as(answer.text()).isEqualTo(409);
                            assertThat(answer.slug()).isEqualTo("in-progress");
                            assertThat(answer.header("Retry-After")).isNotEmpty();
                        }
                    }
                }
            }
            assertThat(created).isEqualTo(1);
            assertThat(ids).hasSize(1);
        }
    }

    @Test
    void while_the_first_is_under_way_it_is_409() throws Exception {
        try (RawRequest slow = new RawRequest(gateway.url(), "/calls", "Content-Type", "application/json", KEY,
                "slow")) {
            slow.send("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},");
            Http management = new Http(gateway.managementUrl());
            await().atMost(Duration.ofSeconds(20)).until(() -> management.get("/actuator/prometheus").text()
                    .contains("wren_callsets_receiving 1.0"));
            Http.Answer second = http.post("/calls", "{}", KEY, "slow");
            assertThat(second.slug()).isEqualTo("in-progress");
            slow.send("\"iterdata\":[1]}");
            assertThat(slow.finish()).isEqualTo(202);
        }
    }

    @Test
    void a_refused_request_leaves_its_key_free() {
        assertThat(http.post("/calls", map("7"), KEY, "refused").status()).isEqualTo(400);
        assertThat(http.post("/calls", "{\"function\":{\"jar\":\"no\",\"handler\":\"a.B\"},\"iterdata\":[]}", KEY,
                "refused").status()).isEqualTo(422);
        assertThat(http.post("/calls", map("[7]"), KEY, "refused").status()).isEqualTo(202);
    }

    @Test
    void the_key_of_a_deleted_callset_is_410() {
        String id = id(http.post("/calls", map("[1]"), KEY, "deleted"));
        http.delete("/calls/" + id);
        Http.Answer again = http.post("/calls", map("[1]"), KEY, "deleted");
        assertThat(again.status()).isEqualTo(410);
        assertThat(again.slug()).isEqualTo("gone");
        assertThat(http.post("/calls", map("[2]"), KEY, "deleted").status()).isEqualTo(422);
    }

    @Test
    void after_a_day_a_key_is_free() {
        String id = id(http.post("/calls", map("[1]"), KEY, "day"));
        CLOCK.advance(Duration.ofHours(23));
        assertThat(id(http.post("/calls", map("[1]"), KEY, "day"))).isEqualTo(id);
        CLOCK.advance(Duration.ofHours(2));
        Http.Answer later = http.post("/calls", map("[2]"), KEY, "day");
        assertThat(later.status()).isEqualTo(202);
        assertThat(id(later)).isNotEqualTo(id);
    }

    @Test
    void keys_have_a_form_and_belong_to_a_path() {
        assertThat(http.post("/calls", map("[1]"), KEY, "x".repeat(256)).json().path("errors").get(0)
                .path("parameter").asString()).isEqualTo(KEY);
        assertThat(http.post("/calls", map("[1]"), KEY, "two words").status()).isEqualTo(400);
        String id = id(http.post("/calls", map("[1]"), KEY, "path"));
        http.done(id);
        assertThat(http.post("/calls/" + id + "/redrive", "", KEY, "path").status()).isEqualTo(422);
        Http.Answer redrive = http.post("/calls/" + id + "/redrive", "", KEY, "redrive");
        assertThat(redrive.status()).isEqualTo(202);
        assertThat(id(http.post("/calls/" + id + "/redrive", "", KEY, "redrive"))).isEqualTo(id(redrive));
    }

    @Test
    void a_key_outlives_the_gateway_and_a_kill(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String id;
        try (GatewayProcess first = GatewayProcess.start(store, log)) {
            first.http().putJar("fn", RunningGateway.FUNCTIONS);
            id = id(first.http().post("/calls", map("[1,2]"), KEY, "k"));
            first.kill();
        }
        // What a crash leaves between the key's entry and the callset's manifest.
        String entries = "default/idempotency/";
        String broken = TestStore.read(store, TestStore.keys(store, entries).getFirst())
                .replace(id, id.substring(0, 25) + (id.endsWith("0") ? "1" : "0"));
        TestStore.write(store, entries + Sha256.hex("crashed"), broken);
        try (GatewayProcess second = GatewayProcess.start(store, log)) {
            Http.Answer again = second.http().post("/calls", map("[1,2]"), KEY, "k");
            assertThat(again.status()).isEqualTo(200);
            assertThat(id(again)).isEqualTo(id);
            assertThat(second.http().post("/calls", map("[5]"), KEY, "k").status()).isEqualTo(422);
            Http.Answer crashed = second.http().post("/calls", map("[5]"), KEY, "crashed");
            assertThat(crashed.status()).as(crashed.text()).isEqualTo(202);
        }
    }
}
