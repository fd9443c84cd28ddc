package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Executors;
import dev.wren.protocol.Sha256;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Whether Lambda can be used is looked at, said with its reason, and stops nothing else. */
class LambdaReadinessIT {

    private static JsonNode lambda(Http http) {
        return http.get("/executors").json().path("items").valueStream()
                .filter(executor -> executor.path("name").asString().equals("lambda")).findFirst().orElseThrow();
    }

    private static void awaitReason(Http http, String reason) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(lambda(http).path("reason").asString("")).contains(reason));
        assertThat(lambda(http).path("ready").asBoolean()).isFalse();
        Http.Answer refused = http.post("/calls", ExecutorContract.map("", List.of("square 1")));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("type").asString()).isEqualTo("urn:wren:problem:executor-not-ready");
        assertThat(refused.json().path("detail").asString()).contains(reason);
    }

    @Test
    void what_is_wrong_is_said_and_what_is_mended_is_seen(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start()) {
            lambda.functions().runtime("java21");
            try (RunningGateway gateway = lambda.gateway(store, "--wren.executors.lambda.look-every=200ms")) {
                Http http = gateway.http();
                awaitReason(http, "has the runtime java21; workers need java25");
                lambda.functions().runtime("java25");
                lambda.functions().variables().put("AWS_LAMBDA_MAX_CONCURRENCY", "4");
                awaitReason(http, "takes 4 invocations at once in one environment");
                lambda.functions().variables().clear();
                lambda.functions().clear();
                await().atMost(Duration.ofSeconds(30)).until(() -> lambda(http).path("ready").asBoolean());
                assertThat(lambda(http).path("reason").isNull()).isTrue();
                assertThat(lambda(http).path("settings").path("functions").get(0).asString())
                        .isEqualTo("wren-worker:live");
                ExecutorContract.assertSquares(http, http.map(ExecutorContract.map("", ExecutorContract.squares(3))),
                        3);
                Http.Answer memory = http.post("/calls",
                        ExecutorContract.map(",\"config\":{\"memory\":\"4GB\"}", List.of("square 1")));
                assertThat(memory.status()).isEqualTo(400);
                assertThat(memory.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/config/memory");
                String enough = http.map(ExecutorContract.map(",\"config\":{\"memory\":\"1GB\"}", List.of("square 2")));
                assertThat(http.done(enough).path("states").path("success").asInt()).isEqualTo(1);
            }
        }
    }

    @Test
    void a_function_that_is_not_there_stops_no_gateway(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start();
                RunningGateway gateway = lambda.gateway(store, "--wren.executors.lambda.functions=no-such")) {
            awaitReason(gateway.http(), "there is no function no-such");
            String local = gateway.http().map(ExecutorContract.map(",\"executor\":\"local\"", List.of("square 3")));
            assertThat(gateway.http().done(local).path("states").path("success").asInt()).isEqualTo(1);
        }
    }

    /** Its client is closed under it: that is no error of who asks. */
    @Test
    void who_asks_while_the_gateway_stops_is_answered(@TempDir Path store) throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        AtomicBoolean holds = new AtomicBoolean();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(Thread::startVirtualThread);
        server.createContext("/", exchange -> {
            try (exchange) {
                if (holds.get()) {
                    asked.countDown();
                    over.await();
                }
                exchange.sendResponseHeaders(404, -1);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        try (TestLambda lambda = TestLambda.start()) {
            lambda.at(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
            CompletableFuture<Executor.Readiness> answer;
            try (RunningGateway gateway = lambda.gateway(store, "--wren.executors.lambda.look-every=100ms")) {
                Executor executor = gateway.bean(Executors.class).find("lambda").orElseThrow();
                assertThat(executor.readiness().ready()).isFalse();
                holds.set(true);
                answer = CompletableFuture.supplyAsync(() -> await().atMost(Duration.ofSeconds(30))
                        .until(executor::readiness, _ -> asked.getCount() == 0), Thread::startVirtualThread);
                assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(answer.get(30, TimeUnit.SECONDS).ready()).isFalse();
        } finally {
            over.countDown();
            server.stop(0);
        }
    }

    @Test
    void a_lambda_that_cannot_be_reached_stops_no_start(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start()) {
            // Nobody listens there.
            lambda.at(URI.create("http://127.0.0.1:1"));
            try (RunningGateway gateway = lambda.gateway(store)) {
                awaitReason(gateway.http(), "cannot be looked at");
            }
        }
    }

    /** What was sent is awaited for a while that depends on the functions, which cannot be asked now. */
    @Test
    void a_start_with_open_callsets_waits_for_no_lambda(@TempDir Path store) throws Exception {
        try (TestLambda lambda = TestLambda.start();
                ServerSocket silent = new ServerSocket(0, 50,
                        InetAddress.getLoopbackAddress())) {
            lambda.functions().environments(1);
            List<String> ids = new ArrayList<>();
            try (RunningGateway gateway = lambda.gateway(store)) {
                for (int i = 0; i < 3; i++) {
                    String id = gateway.http().map(ExecutorContract.map("", List.of("sleep 15000")));
                    gateway.http().until("/calls/" + id,
                            callset -> callset.path("states").path("invoked").asInt() == 1);
                    ids.add(id);
                }
            }
            lambda.at(URI.create("http://127.0.0.1:" + silent.getLocalPort()));
            try (RunningGateway gateway = lambda.next(store)) {
                // A request to Lambda is given up after 10 s.
                assertThat(gateway.took()).isLessThan(Duration.ofSeconds(9));
                gateway.http().post("/calls/" + ids.getFirst() + "/cancel", "");
                assertThat(gateway.http().get("/calls/" + ids.getFirst()).json().path("done").asBoolean()).isTrue();
            }
        }
    }

    /** A start does not know yet how long functions may run; once it does, what is lost is not waited for any longer. */
    @Test
    void what_was_lost_before_a_restart_is_found_in_the_time_that_functions_have(@TempDir Path store) {
        String[] times = {"--wren.executors.lambda.start-timeout=1s", "--wren.executors.lambda.grace=1s"};
        try (TestLambda lambda = TestLambda.start()) {
            lambda.functions().timeout(4);
            lambda.functions().reportFaults(1, 0);
            String id;
            try (RunningGateway gateway = lambda.gateway(store, times)) {
                id = gateway.http().map(ExecutorContract.map(",\"jobMaxRuntime\":1", List.of("square 5")));
                await().atMost(Duration.ofSeconds(30)).until(() -> lambda.functions().lostReports() > 0);
            }
            lambda.functions().reportFaults(0, 0);
            try (RunningGateway gateway = lambda.next(store, times)) {
                await().atMost(Duration.ofSeconds(30)).until(
                        () -> gateway.http().get("/calls/" + id + "?wait=1").json().path("done").asBoolean());
                assertThat(gateway.http().get("/calls/" + id + "/results").text()).isEqualTo("[25]");
            }
        }
    }

    /** An environment works for one tenant of the gateway, and ends itself before it works for another. */
    @Test
    void tenants_share_no_environment(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start()) {
            List<String> settings = new ArrayList<>(List.of("--wren.executors.lambda.look-every=1h"));
            for (String tenant : List.of("red", "blue")) {
                int n = (settings.size() - 1) / 3;
                settings.add("--wren.security.keys[" + n + "].name=" + tenant);
                settings.add("--wren.security.keys[" + n + "].sha256=" + Sha256.hex("key of " + tenant));
                settings.add("--wren.security.keys[" + n + "].tenant=" + tenant);
            }
            try (RunningGateway gateway = lambda.next(store, settings.toArray(String[]::new))) {
                lambda.functions().environments(1);
                int started = 0;
                for (String tenant : List.of("red", "red", "blue", "red")) {
                    String[] key = {"Authorization", "Bearer key of " + tenant};
                    gateway.http().putJar("fn", RunningGateway.FUNCTIONS, key);
                    Http.Answer accepted = gateway.http().post("/calls",
                            ExecutorContract.map(",\"chunkSize\":2", ExecutorContract.squares(2)), key);
                    assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
                    assertThat(gateway.http().get("/calls/" + accepted.json().path("callsetId").asString()
                            + "/results?timeout=30", key).text()).isEqualTo("[0,1]");
                    if (started == 0) {
                        started = lambda.functions().started();
                    }
                }
                assertThat(lambda.functions().started() - started).isEqualTo(2);
            }
        }
    }

    @Test
    void a_store_in_a_folder_is_none_for_workers_far_away(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start();
                RunningGateway gateway = lambda.gateway(store, "--wren.store=" + store.resolve("folder"))) {
            awaitReason(gateway.http(), "need a store on S3");
        }
    }
}
