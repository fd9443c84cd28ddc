package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.protocol.CallsetId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Gateways and workers that are killed in the middle: nothing is lost, and what was seen stays. */
@BesideOthers
class CrashIT {

    private static final int CALLS = 2000;

    private static String map(Http http) {
        String data = IntStream.range(0, CALLS).mapToObj(i -> "\"square " + i + "\"").collect(Collectors.joining(","));
        return http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":20,\"iterdata\":["
                + data + "]}");
    }

    private static Map<String, String> ended(Http http, String id) {
        Map<String, String> seen = new HashMap<>();
        String next = "/calls/" + id + "/futures?state=success&limit=1000";
        while (!next.isEmpty()) {
            JsonNode page = http.get(next).json();
            page.path("items").forEach(future -> seen.put(future.path("callId").asString(), future.toString()));
            next = page.path("next").asString("");
        }
        return seen;
    }

    private static void checkAll(Http http, String id) {
        JsonNode callset = http.done(id);
        assertThat(callset.path("states").path("success").asInt()).isEqualTo(CALLS);
        JsonNode results = http.get("/calls/" + id + "/results").json();
        for (int i = 0; i < CALLS; i++) {
            assertThat(results.get(i).asInt()).isEqualTo(i * i);
        }
    }

    /** Fewer where each start takes longer. */
    private static final int KILLS = TestStore.isOnS3() ? 2 : 5;

    /** Kills of one store, each at another place of a callset; what each gateway has shown, all later ones show. */
    @Test
    void a_killed_gateway_goes_on_where_it_was(@TempDir Path folder) throws Exception {
        Random random = new Random(1);
        Path store = folder.resolve("store");
        Path log = Files.createFile(folder.resolve("log"));
        Map<String, Map<String, String>> seen = new HashMap<>();
        for (int round = 0; round <= KILLS; round++) {
            try (GatewayProcess gateway = GatewayProcess.start(store, log)) {
                seen.forEach((id, futures) -> {
                    checkAll(gateway.http(), id);
                    assertThat(ended(gateway.http(), id)).containsAllEntriesOf(futures);
                });
                if (round < KILLS) {
                    gateway.http().putJar("fn", RunningGateway.FUNCTIONS);
                    String id = map(gateway.http());
                    int until = random.nextInt(CALLS - 200);
                    gateway.http().until("/calls/" + id,
                            callset -> callset.path("states").path("success").asInt() >= until);
                    seen.put(id, ended(gateway.http(), id));
                    gateway.kill();
                }
            }
        }
        assertThat(Files.readString(log)).doesNotContain(" ERROR ");
    }

    /** Whatever a call ended in, and however: an outcome once shown never changes. */
    @Test
    void what_was_shown_of_ended_calls_is_the_same_after_a_restart(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        Map<String, String> seen = new HashMap<>();
        String data = "[\"square 2\",\"throw x\",\"exit 3\",\"print hello\",\"forever\",\"throw y\",\"forever\","
                + "\"forever\",\"square 3\"]";
        List<String> paths = new ArrayList<>();
        try (GatewayProcess gateway = GatewayProcess.start(store, log)) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"maxAttempts\":2,"
                    + "\"chunkSize\":1,\"iterdata\":" + data + "}");
            // What it throws is in the log; its second attempt waits for a worker, like the third of those forever.
            await().atMost(Duration.ofSeconds(20)).until(
                    () -> http.get("/calls/" + id + "/00005").json().path("attemptLog").size() == 1);
            // Two run and are cancelled; the others wait, in vain.
            await().atMost(Duration.ofSeconds(20)).until(
                    () -> http.get("/calls/" + id).json().path("states").path("running").asInt() == 2);
            http.post("/calls/" + id + "/cancel", "");
            paths.add("/calls/" + id);
            IntStream.range(0, 9).forEach(i -> paths.add("/calls/" + id + "/0000" + i));
            paths.add("/calls/" + id + "/events");
            paths.forEach(path -> seen.put(path, http.get(path).text()));
            JsonNode running = Http.JSON.readTree(seen.get("/calls/" + id + "/00004"));
            assertThat(running.path("state").asString()).isEqualTo("cancelled");
            assertThat(running.path("attempts").asInt()).isEqualTo(1);
            assertThat(running.path("attemptLog").get(0).path("state").asString()).isEqualTo("cancelled");
            assertThat(running.path("invokeMetadata").path("invokeTime").isNull()).isFalse();
            // Once more when the workers have given back what they had: nothing of it is seen.
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                String other = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":"
                        + "[1,2,3,4]}");
                return http.done(other).path("states").path("success").asInt() == 4;
            });
            paths.forEach(path -> assertThat(http.get(path).text()).as(path).isEqualTo(seen.get(path)));
            gateway.kill();
        }
        try (GatewayProcess gateway = GatewayProcess.start(store, log)) {
            paths.forEach(path -> assertThat(gateway.http().get(path).text()).as(path).isEqualTo(seen.get(path)));
        }
    }

    @Test
    void a_damaged_log_harms_its_own_callset_alone(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String damaged;
        String fine;
        try (GatewayProcess gateway = GatewayProcess.start(store, log)) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":1,\"iterdata\":["
                    + "\"square 1\",\"square 2\",\"square 3\",\"forever\"]}";
            damaged = http.map(map);
            http.get("/calls/" + damaged + "/00002?wait=20");
            fine = http.map(map);
            http.get("/calls/" + fine + "/00002?wait=20");
            gateway.kill();
        }
        String key = CallsetId.parse(damaged).orElseThrow().key();
        TestStore.write(store, "default/callsets/" + key + "/log/0000000000", "rot".repeat(50));
        try (GatewayProcess gateway = GatewayProcess.start(store, log)) {
            assertThat(gateway.http().post("/calls/" + fine + "/cancel", "").json().path("states").path("success")
                    .asInt()).isEqualTo(3);
            assertThat(gateway.http().get("/calls/" + damaged).slug()).isEqualTo("damaged");
            assertThat(gateway.http().delete("/calls/" + damaged).status()).isEqualTo(204);
            assertThat(Files.readString(log)).contains("callset " + damaged + " is damaged and is not driven");
        }
    }

    @Test
    void killed_workers_cost_nothing(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        try (GatewayProcess gateway = GatewayProcess.start(folder.resolve("store"), log)) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            String data = IntStream.range(0, 400).mapToObj(_ -> "\"sleep 5\"").collect(Collectors.joining(","));
            for (int until : List.of(50, 100)) {
                kill(gateway, data, until);
            }
        }
    }

    private static void kill(GatewayProcess gateway, String data, int until) {
        Http http = gateway.http();
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"maxAttempts\":5,"
                + "\"iterdata\":[" + data + "]}");
        http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= until);
        List<ProcessHandle> killed = gateway.workers();
        killed.forEach(ProcessHandle::destroyForcibly);
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(400);
        // Each of them died in one call at most: no other has failed, ever.
        List<String> blamed = new ArrayList<>();
        http.get("/calls/" + id + "/futures?limit=1000").json().path("items").forEach(future -> future
                .path("attemptLog").forEach(attempt -> {
                    if (!attempt.path("error").isMissingNode()) {
                        blamed.add(attempt.path("error").path("code").asString());
                    }
                }));
        assertThat(blamed).hasSizeLessThanOrEqualTo(killed.size()).allMatch("RETCODE"::equals);
    }
}
