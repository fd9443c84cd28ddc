package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.store.s3.FaultProxy.Fault;
import dev.wren.gateway.store.s3.S3Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** S3 does not do what it is asked for a while: callers and watchers are told, nothing is lost, and all goes on by itself. */
class S3FaultsIT {

    private static final int CALLS = 100;
    private static S3Server s3;
    private static RunningGateway gateway;
    private static Http http;
    private static Http management;

    @BeforeAll
    static void start() {
        s3 = S3Server.start();
        gateway = RunningGateway.startWithFunctions(Path.of("unused"),
                Stream.concat(Stream.of(s3.settings("s3://" + s3.newBucket() + "/store")),
                        Stream.of(RunningGateway.MANAGED, "--wren.s3.request-timeout=500ms", "--wren.s3.max-attempts=2",
                                "--wren.gateways.lease=3s"))
                        .toArray(String[]::new));
        http = gateway.http();
        management = new Http(gateway.managementUrl());
    }

    @AfterAll
    static void stop() {
        gateway.close();
        s3.close();
    }

    private static String map() {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":1,\"iterdata\":"
                + Collections.nCopies(CALLS, "\"sleep 20\"") + "}";
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                Arguments.of(new Fault.Answer(503, "SlowDown", false), "SlowDown"),
                Arguments.of(new Fault.Answer(500, "InternalError", true), "InternalError"),
                Arguments.of(new Fault.Answer(403, "AccessDenied", false), "AccessDenied"),
                Arguments.of(new Fault.Answer(404, "NoSuchBucket", false), "NoSuchBucket"),
                Arguments.of(new Fault.Reset(true), "Connection reset"),
                Arguments.of(new Fault.Late(), "timeout"));
    }

    /** It cannot be told whether the callset has its key: its caller is told to ask again, and gets one callset. */
    @ParameterizedTest
    @MethodSource("faults")
    void a_key_whose_last_answer_is_lost_has_one_callset(Fault fault, String reason) {
        String key = reason.replace(' ', '-');
        AtomicInteger replaced = new AtomicInteger();
        s3.proxy().faults(request -> {
            boolean ofKey = request.path().contains("/idempotency/");
            if (ofKey && request.method().equals("PUT")) {
                replaced.incrementAndGet();
            }
            // The first says that the key is wanted; all after it are about the second, until it is given up.
            return ofKey && replaced.get() > 1 ? fault : Fault.NONE;
        });
        String body = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[7],\"tags\":{\"key\":\""
                + key + "\"}}";
        Http.Answer lost = http.post("/calls", body, "Idempotency-Key", key);
        assertThat(lost.status()).as(lost.text()).isEqualTo(503);
        s3.proxy().faults(_ -> Fault.NONE);
        List<JsonNode> told = new ArrayList<>();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            Http.Answer again = http.post("/calls", body, "Idempotency-Key", key);
            if (again.status() < 300) {
                told.add(again.json());
            }
            return again.status() < 300;
        });
        String id = told.getFirst().path("callsetId").asString();
        // It may be driven only after it was told of: a poll that began before that ends by its time.
        await().atMost(Duration.ofSeconds(20)).until(
                () -> http.get("/calls/" + id + "/results?timeout=0.2").text().equals("[49]"));
        await().atMost(Duration.ofSeconds(40)).until(() -> http.get("/calls?tag=key:" + key).json()
                .path("items").size() == 1);
        assertThat(http.get("/calls?tag=key:" + key).json().path("items").get(0).path("callsetId")
                .asString()).isEqualTo(id);
    }

    @ParameterizedTest
    @MethodSource("faults")
    void it_is_told_nothing_is_lost_and_it_heals(Fault fault, String reason) {
        String id = http.map(map());
        http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 10);
        s3.proxy().faults(_ -> fault);
        Http.Answer read = http.get("/calls/01m851qqzt000yy698z524jtn4");
        assertThat(read.status()).isEqualTo(503);
        assertThat(read.slug()).isEqualTo("unavailable");
        assertThat(read.header("retry-after")).isNotEmpty();
        assertThat(http.post("/calls", map()).status()).isEqualTo(503);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            Http.Answer ready = management.get("/actuator/health/readiness");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.text()).contains(reason);
        });
        assertThat(management.get("/actuator/health/liveness").status()).isEqualTo(200);
        s3.proxy().faults(_ -> Fault.NONE);
        await().atMost(Duration.ofSeconds(20)).until(
                () -> management.get("/actuator/health/readiness").status() == 200);
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(CALLS);
        assertThat(http.done(http.map(map())).path("states").path("success").asInt()).isEqualTo(CALLS);
        assertThat(http.get("/calls?state=running").json().path("items")).isEmpty();
    }
}
