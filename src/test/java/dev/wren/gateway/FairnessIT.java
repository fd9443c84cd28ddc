package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.protocol.Sha256;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Who gets the workers. */
class FairnessIT {

    private static final String SQUARE = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[3]}";

    @Test
    void a_one_call_map_is_not_behind_a_million_calls(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            http.done(http.map(SQUARE));
            byte[] block = "1\n".repeat(1000).getBytes(StandardCharsets.US_ASCII);
            // A millisecond each: it would take over eight minutes.
            Http.Answer big = http.lines("/calls?jar=fn&handler=fn.Sleep",
                    BodyPublishers.ofByteArrays(() -> Stream.generate(() -> block).limit(1000).iterator()));
            assertThat(big.status()).as(big.text()).isEqualTo(202);
            String id = big.json().path("callsetId").asString();
            http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 1000);
            List<Duration> took = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                long begun = System.nanoTime();
                String one = http.map(SQUARE);
                assertThat(http.get("/calls/" + one + "/00000/result").text()).isEqualTo("9");
                took.add(Duration.ofNanos(System.nanoTime() - begun));
            }
            took.sort(null);
            JsonNode states = http.get("/calls/" + id).json().path("states");
            assertThat(states.path("success").asInt()).isLessThan(500_000);
            // A chunk of the big one is 20 ms of work; the bound leaves room for a slow machine.
            assertThat(took.get(10)).isLessThan(Duration.ofMillis(500));
            assertThat(http.delete("/calls/" + id).status()).isEqualTo(204);
        }
    }

    @Test
    void callsets_share_evenly_and_tenants_before_them(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.start(store, "--wren.executors.local.workers=4",
                "--wren.security.keys[0].name=a", "--wren.security.keys[0].sha256=" + Sha256.hex("red"),
                "--wren.security.keys[0].tenant=red", "--wren.security.keys[1].name=b",
                "--wren.security.keys[1].sha256=" + Sha256.hex("blue"), "--wren.security.keys[1].tenant=blue")) {
            Http http = gateway.http();
            String[] red = {"Authorization", "Bearer red"};
            String[] blue = {"Authorization", "Bearer blue"};
            http.putJar("fn", RunningGateway.FUNCTIONS, red);
            http.putJar("fn", RunningGateway.FUNCTIONS, blue);
            String data = IntStream.range(0, 3000).mapToObj(_ -> "10").collect(Collectors.joining(",", "[", "]"));
            String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Sleep\"},\"chunkSize\":1,\"iterdata\":" + data
                    + "}";
            List<String> reds = IntStream.range(0, 3)
                    .mapToObj(_ -> http.post("/calls", map, red).json().path("callsetId").asString()).toList();
            String ofBlue = http.post("/calls", map, blue).json().path("callsetId").asString();
            // From when all have their JVMs: how long that takes is not what is tested.
            await().atMost(Duration.ofSeconds(30)).until(() -> success(http, ofBlue, blue) >= 50
                    && reds.stream().allMatch(id -> success(http, id, red) >= 20));
            int before = success(http, ofBlue, blue);
            List<Integer> redBefore = reds.stream().map(id -> success(http, id, red)).toList();
            int done;
            do {
                done = success(http, ofBlue, blue) - before;
            } while (done < 300);
            List<Integer> redDone = IntStream.range(0, 3)
                    .mapToObj(i -> success(http, reds.get(i), red) - redBefore.get(i)).toList();
            int redTotal = redDone.stream().mapToInt(Integer::intValue).sum();
            // One callset of one tenant against three of another: half of the workers each.
            assertThat((double) redTotal / done).as("red %s blue %s", redDone, done).isBetween(0.6, 1.67);
            for (int each : redDone) {
                assertThat((double) each / redTotal).as("red %s", redDone).isBetween(0.2, 0.47);
            }
        }
    }

    private static int success(Http http, String id, String[] key) {
        return http.get("/calls/" + id, key).json().path("states").path("success").asInt();
    }
}
