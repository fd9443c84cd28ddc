package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** SIGTERM: nothing is lost, nobody is left waiting, and the next gateway goes on. */
@BesideOthers
class ShutdownIT {

    private static String mixed(String data) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":1,\"iterdata\":" + data + "}";
    }

    @Test
    void calls_go_on_polls_are_answered_and_new_work_is_refused(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String finishing;
        String waiting;
        try (GatewayProcess first = GatewayProcess.start(store, log, "--wren.executors.local.stop-timeout=15s");
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            Http http = first.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            http.done(http.map(mixed("[\"square 1\",\"square 1\"]")));
            finishing = http.map(mixed("[\"sleep 7000\",\"sleep 7000\"]"));
            waiting = http.map(mixed("[\"square 5\",\"square 6\"]"));
            http.until("/calls/" + finishing, callset -> callset.path("states").path("running").asInt() == 2);
            String parkedOn = waiting;
            List<Future<Http.Answer>> parked = new ArrayList<>(List.of(
                    threads.submit(() -> http.get("/calls/" + parkedOn + "?wait=50")),
                    threads.submit(() -> http.get("/calls/" + parkedOn + "/00000?wait=50")),
                    threads.submit(() -> http.get("/calls/" + parkedOn + "/00000/result?timeout=50")),
                    threads.submit(() -> http.post("/wait", "{\"callsets\":[\"" + parkedOn + "\"],\"timeout\":50}"))));
            Future<Long> stream = threads.submit(() -> http.stream("/calls/" + parkedOn + "/events").count());
            await().until(
                    () -> first.management().get("/actuator/prometheus").text().contains("wren_polls_parked 5.0"));
            long begun = System.nanoTime();
            first.terminate();
            assertThat(parked.get(0).get().json().path("done").asBoolean()).isFalse();
            assertThat(parked.get(1).get().json().path("state").asString()).isIn("new", "invoked");
            assertThat(parked.get(2).get().status()).isEqualTo(202);
            assertThat(parked.get(3).get().json().path("complete").asBoolean()).isFalse();
            assertThat(stream.get()).isPositive();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(4000));
            // While the last calls run, reads are answered, and work is refused.
            Http.Answer refused = http.post("/calls", mixed("[\"square 1\"]"));
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.slug()).isEqualTo("unavailable");
            assertThat(refused.header("Retry-After")).isNotEmpty();
            assertThat(http.delete("/calls/" + waiting).status()).isEqualTo(503);
            assertThat(http.get("/calls/" + waiting).status()).isEqualTo(200);
            assertThat(first.management().get("/actuator/health/readiness").status()).isEqualTo(503);
            assertThat(first.management().get("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(first.exitCode()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(14));
        }
        try (GatewayProcess second = GatewayProcess.start(store, log)) {
            // What was running has its outcome of before, in one attempt; what was waiting is run now.
            JsonNode slow = second.http().get("/calls/" + finishing + "/00001").json();
            assertThat(slow.path("state").asString()).isEqualTo("success");
            assertThat(slow.path("attempts").asInt()).isEqualTo(1);
            assertThat(second.http().get("/calls/" + waiting + "/results").text()).isEqualTo("[25,36]");
            assertThat(Files.readString(log)).doesNotContain(" ERROR ").contains("going on with 1 callsets");
        }
    }

    @Test
    void a_call_that_takes_too_long_is_run_again_by_the_next(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String id;
        try (GatewayProcess first = GatewayProcess.start(store, log, "--wren.executors.local.stop-timeout=300ms")) {
            first.http().putJar("fn", RunningGateway.FUNCTIONS);
            id = first.http().map(mixed("[\"hang-first " + folder.resolve("marker") + "\"]"));
            await().until(() -> Files.exists(folder.resolve("marker")));
            long begun = System.nanoTime();
            first.terminate();
            assertThat(first.exitCode()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(6));
            assertThat(first.workers()).isEmpty();
        }
        try (GatewayProcess second = GatewayProcess.start(store, log)) {
            JsonNode future = second.http().get("/calls/" + id + "/00000?wait=30").json();
            assertThat(future.path("result").asString()).isEqualTo("the second time");
            assertThat(future.path("attempts").asInt()).isEqualTo(1);
        }
    }
}
