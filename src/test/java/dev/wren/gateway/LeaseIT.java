package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Gateways, as processes, that want to drive what is in one store on S3. */
class LeaseIT {

    private static final int CALLS = 300;

    @TempDir
    private Path folder;
    private Path log;

    @BeforeEach
    void makeLog() throws Exception {
        log = Files.createFile(folder.resolve("log"));
    }

    private GatewayProcess start(String... more) {
        return GatewayProcess.start(folder, log, Stream.concat(TestStore.onS3(folder).stream(), Stream.of(more))
                .toArray(String[]::new));
    }

    private static String map(Http http) {
        http.putJar("fn", RunningGateway.FUNCTIONS);
        List<String> data = IntStream.range(0, CALLS).mapToObj(i -> "\"sleep 20\"").toList();
        return http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":3,\"iterdata\":" + data
                + "}");
    }

    private static List<String> futures(Http http, String id) {
        return http.get("/calls/" + id + "/futures?limit=1000").json().path("items").valueStream()
                .map(JsonNode::toString).toList();
    }

    @Test
    void a_second_gateway_is_told_who_holds_the_store_and_takes_it_when_it_is_let_go_of() throws Exception {
        try (GatewayProcess first = start()) {
            assertThatThrownBy(this::start)
                    .hasMessageContaining("is in use by the gateway at ")
                    .hasMessageContaining(first.http().url().replaceAll(".*:", ":"))
                    .hasMessageContaining("one gateway at a time uses a store");
            assertThat(first.http().get("/calls").status()).isEqualTo(200);
            first.terminate();
            assertThat(first.exitCode()).isEqualTo(143);
        }
        try (GatewayProcess second = start("--wren.dispatch.lease=1h")) {
            assertThat(second.http().get("/calls").status()).isEqualTo(200);
            second.terminate();
            second.exitCode();
        }
        // Let go of, it is free: nobody has to wait for an hour.
        start().close();
    }

    /** The log keeps the answers right, whatever the first one does when it goes on. */
    @Test
    void a_gateway_that_stood_still_lets_the_other_drive_and_follows_it_later() throws Exception {
        try (GatewayProcess first = start()) {
            String id = map(first.http());
            first.http().until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 20);
            List<String> seen = futures(first.http(), id).stream().filter(each -> each.contains("\"success\""))
                    .toList();
            first.signal("STOP");
            try (GatewayProcess second = start()) {
                Http http = second.http();
                http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 60);
                first.signal("CONT");
                // At once, before it knows of the other.
                assertThat(first.management().get("/actuator/health/readiness").status()).isEqualTo(503);
                Http.Answer refused = first.http().get("/calls/" + id);
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.header("retry-after")).isNotEmpty();
                await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
                        first.management().get("/actuator/health/readiness").text())
                        .contains("uses the store").contains("the gateway at"));
                assertThat(first.http().post("/calls", "{}").status()).isEqualTo(503);
                assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(CALLS);
                List<String> ended = futures(http, id);
                assertThat(ended).containsAll(seen);
                second.terminate();
                second.exitCode();
                await().atMost(Duration.ofSeconds(20)).until(
                        () -> first.management().get("/actuator/health/readiness").status() == 200);
                assertThat(futures(first.http(), id)).isEqualTo(ended);
            }
            String next = map(first.http());
            assertThat(first.http().done(next).path("states").path("success").asInt()).isEqualTo(CALLS);
        }
        assertThat(Files.readString(log)).contains("has taken over the store").contains("is this gateway's again");
    }
}
