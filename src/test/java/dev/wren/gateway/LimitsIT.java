package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is bounded for all, and for one tenant of several. */
class LimitsIT {

    private static final String[] RED = {"Authorization", "Bearer red-key"};
    private static final String[] BLUE = {"Authorization", "Bearer blue-key"};

    private static String map(String datum) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[\"" + datum + "\"]}";
    }

    private static String hash(String key) throws Exception {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    }

    private static RunningGateway twoTenants(Path store, String... settings) throws Exception {
        String[] all = new String[settings.length + 7];
        // Those that run forever hold up no end.
        all[6] = "--wren.executors.local.stop-timeout=100ms";
        for (int i = 0; i < 2; i++) {
            String tenant = i == 0 ? "red" : "blue";
            String key = "--wren.security.keys[" + i + "].";
            all[3 * i] = key + "name=" + tenant;
            all[3 * i + 1] = key + "sha256=" + hash(tenant + "-key");
            all[3 * i + 2] = key + "tenant=" + tenant;
        }
        System.arraycopy(settings, 0, all, 7, settings.length);
        RunningGateway gateway = RunningGateway.start(store, all);
        gateway.http().putJar("fn", RunningGateway.FUNCTIONS, RED);
        gateway.http().putJar("fn", RunningGateway.FUNCTIONS, BLUE);
        return gateway;
    }

    @Test
    void one_tenant_cannot_take_all_callsets_that_may_run(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = twoTenants(store, "--wren.callsets.max-running=4")) {
            Http http = gateway.http();
            String first = http.post("/calls", map("forever"), RED).json().path("callsetId").asString();
            assertThat(http.post("/calls", map("forever"), RED).status()).isEqualTo(202);
            Http.Answer third = http.post("/calls", map("forever"), RED);
            assertThat(third.status()).isEqualTo(429);
            assertThat(third.slug()).isEqualTo("too-many");
            assertThat(third.json().path("limit").asInt()).isEqualTo(2);
            assertThat(third.header("Retry-After")).isNotEmpty();
            assertThat(third.json().path("detail").asString())
                    .isEqualTo("At most 4 callsets may run at once, and 2 of one tenant.");
            assertThat(http.post("/calls", map("square 2"), BLUE).status()).isEqualTo(202);
            // One that has ended makes room.
            http.post("/calls/" + first + "/cancel", "", RED);
            assertThat(http.post("/calls", map("square 2"), RED).status()).isEqualTo(202);
        }
    }

    @Test
    void one_tenant_cannot_take_all_room_to_wait(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = twoTenants(store, "--wren.web.max-parked=2", "--wren.security.tenant-share=0.5",
                "--wren.web.longest-wait=20s")) {
            Http http = gateway.http();
            String red = http.post("/calls", map("forever"), RED).json().path("callsetId").asString();
            String blue = http.post("/calls", map("square 3"), BLUE).json().path("callsetId").asString();
            Thread waiting = Thread.ofVirtual().start(() -> http.get("/calls/" + red + "?wait=20", RED));
            await().until(() -> http.get("/calls/" + red + "/00000?wait=0.01", RED).status() == 429);
            assertThat(http.get("/calls/" + blue + "/00000/result", BLUE).text()).isEqualTo("9");
            http.post("/calls/" + red + "/cancel", "", RED);
            waiting.join();
            assertThat(http.get("/calls/" + red + "/00000?wait=0.01", RED).status()).isEqualTo(200);
        }
    }

    @Test
    void the_memory_of_what_runs_is_bounded(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store,
                "--wren.callsets.running-memory=60KB")) {
            Http http = gateway.http();
            String large = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":["
                    + IntStream.range(0, 50_000).mapToObj(Integer::toString).collect(Collectors.joining(",")) + "]}";
            Http.Answer refused = http.post("/calls", large);
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.json().path("limit").asInt()).isEqualTo(60 << 10);
            assertThat(http.get("/calls").json().path("items").size()).as("nothing is stored").isZero();
            for (int i = 0; i < 30; i++) {
                // What has ended takes nothing.
                assertThat(http.done(http.map(map("square 2"))).path("done").asBoolean()).isTrue();
            }
        }
    }

    @Test
    void submissions_at_once_are_bounded(@TempDir Path store) throws IOException {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, "--wren.callsets.max-receiving=2")) {
            Http http = gateway.http();
            String[] json = {"Content-Type", "application/json"};
            try (RawRequest one = new RawRequest(gateway.url(), "/calls", json);
                    RawRequest two = new RawRequest(gateway.url(), "/calls", json)) {
                one.send("{\"iterdata\":[1,");
                two.send("{\"iterdata\":[1,");
                await().until(() -> http.post("/calls", map("square 2")).status() == 429);
                two.send("2],\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"}}");
                assertThat(two.finish()).isEqualTo(202);
                assertThat(http.post("/calls", map("square 2")).status()).isEqualTo(202);
            }
            // Whoever goes away gives back what it had.
            await().until(() -> http.post("/calls", map("square 2")).status() == 202);
        }
    }
}
