package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.store.s3.FaultProxy;
import dev.wren.protocol.CallsetId;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What is Lambda's own: its environments, what they are given, and what becomes of them. */
class LambdaIT {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static TestLambda lambda;
    private static RunningGateway gateway;
    private static Http http;
    private static Path store;

    @BeforeAll
    static void start(@TempDir Path folder) {
        store = folder;
        lambda = TestLambda.start();
        gateway = lambda.gateway(folder, "--wren.callsets.inline-data=10KB",
                "--wren.executors.lambda.inline-data=50KB",
                "--wren.callsets.allow-overwrite-invoke-args=true");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        lambda.close();
    }

    @BeforeEach
    void calm() {
        lambda.functions().faults(0, 0, 0);
        lambda.functions().environments(4);
    }

    private static String map(String handler, String more, String data) {
        return http
                .map("{\"function\":{\"jar\":\"fn\",\"handler\":\"" + handler + "\"}" + more + ",\"iterdata\":" + data
                        + "}");
    }

    private static String mixed(String more, List<String> data) {
        return http.map(ExecutorContract.map(more, data));
    }

    private static JsonNode future(String callset, String call) {
        return http.get("/calls/" + callset + "/" + call).json();
    }

    private static double messages(String kind) {
        return gateway.bean(MeterRegistry.class).get("wren.reports.messages").tag("kind", kind).counter().count();
    }

    @Test
    void a_function_that_ends_the_process_fails_alone_with_its_exit_code() {
        String one = mixed("", List.of("exit 3"));
        String some = mixed(",\"chunkSize\":4", List.of("square 1", "square 2", "halt 4", "square 4"));
        http.done(one);
        assertThat(future(one, "00000").path("error").path("code").asString()).isEqualTo("RETCODE");
        assertThat(future(one, "00000").path("status").path("exitCode").asInt()).isEqualTo(3);
        assertThat(http.done(some).path("states").path("success").asInt()).isEqualTo(3);
        assertThat(future(some, "00002").path("error").path("code").asString()).isEqualTo("RETCODE");
        assertThat(future(some, "00002").path("status").path("exitCode").asInt()).isEqualTo(4);
        assertThat(future(some, "00002").path("attempts").asInt()).isEqualTo(1);
    }

    /** As a worker of another build answers: every call, and no jar is looked for. */
    @Test
    void another_version_of_the_protocol_is_told() {
        String id = mixed(",\"chunkSize\":2,\"overwriteInvokeArgs\":{\"protocolVersion\":99}",
                List.of("square 1", "square 2"));
        assertThat(http.done(id).path("states").path("error").asInt()).isEqualTo(2);
        assertThat(future(id, "00001").path("error").path("code").asString()).isEqualTo("WRONGVERSION");
        assertThat(future(id, "00001").path("error").path("message").asString()).contains("version 99");
    }

    @Test
    void an_environment_of_its_own_is_a_process_of_its_own() {
        String id = map("fn.Env", ",\"extraEnv\":{\"COLOUR\":\"red\"},\"chunkSize\":2",
                "[\"COLOUR\",\"AWS_SECRET_ACCESS_KEY\"]");
        http.done(id);
        assertThat(http.get("/calls/" + id + "/results").text()).isEqualTo("[\"red\",null]");
        String killed = mixed(",\"extraEnv\":{\"A\":\"1\"},\"jobMaxRuntime\":0.5,\"chunkSize\":3",
                List.of("forever", "exit 5", "square 3"));
        http.done(killed);
        assertThat(future(killed, "00000").path("error").path("code").asString()).isEqualTo("OUTATIME");
        assertThat(future(killed, "00001").path("error").path("code").asString()).isEqualTo("RETCODE");
        assertThat(future(killed, "00001").path("status").path("exitCode").asInt()).isEqualTo(5);
        assertThat(future(killed, "00002").path("result").asInt()).isEqualTo(9);
    }

    @Test
    void functions_stay_ready_unless_that_is_not_wanted() {
        lambda.functions().environments(1);
        String warm = mixed("", List.of("square 1", "square 2", "square 3"));
        http.done(warm);
        String warmer = mixed("", List.of("square 4"));
        http.done(warmer);
        assertThat(future(warmer, "00000").path("status").path("runtimeCached").asBoolean()).isTrue();
        String fresh = mixed(",\"useCachedRuntime\":false,\"chunkSize\":2", List.of("square 1", "square 2"));
        http.done(fresh);
        assertThat(future(fresh, "00000").path("status").path("runtimeCached").asBoolean()).isFalse();
        assertThat(future(fresh, "00001").path("status").path("runtimeCached").asBoolean()).isTrue();
    }

    @Test
    void large_values_and_outputs_lie_in_one_object_an_invocation() {
        String id = mixed(",\"chunkSize\":5",
                List.of("huge 100000", "square 2", "print " + "long ".repeat(4000), "huge 200000", "print short"));
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(5);
        assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo('"' + "x".repeat(100_000) + '"');
        assertThat(http.get("/calls/" + id + "/00003/result").text()).hasSize(200_002);
        assertThat(http.get("/calls/" + id + "/00002/logs").text()).isEqualTo("long ".repeat(4000) + "\n");
        assertThat(http.get("/calls/" + id + "/00004/logs").text()).isEqualTo("short\n");
        assertThat(http.get("/calls/" + id + "/results").json().size()).isEqualTo(5);
        String key = CallsetId.parse(id).orElseThrow().key();
        assertThat(lambda.keys(store, "default/callsets/" + key + "/overflow/")).hasSize(1);
        assertThat(lambda.keys(store, "default/callsets/" + key + "/values/")).isEmpty();
        http.delete("/calls/" + id);
        await().atMost(SOON).until(() -> lambda.keys(store, "default/callsets/" + key).isEmpty());
    }

    @Test
    void large_data_are_read_by_the_worker_and_small_ones_are_in_the_invocation() {
        lambda.functions().payloads();
        String large = "text " + "ä".repeat(20_000);
        for (String layout : List.of("", ",\"dataAllAsOne\":false")) {
            String id = mixed(layout + ",\"chunkSize\":2", Collections.nCopies(4, large));
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(4);
            assertThat(http.get("/calls/" + id + "/00003/result").json().asString()).isEqualTo(large.substring(5));
            assertThat(payloads(id)).noneMatch(payload -> payload.path("calls").get(0).has("datum"));
        }
        String id = mixed("", List.of("text " + "ä".repeat(7_000)));
        http.done(id);
        assertThat(payloads(id)).allMatch(payload -> payload.path("calls").get(0).has("datum"));
    }

    private static List<JsonNode> payloads(String callset) {
        return lambda.functions().payloads().stream().map(JsonMapper.shared()::readTree)
                .filter(payload -> payload.path("callset").asString("").equals(callset)).toList();
    }

    /** The function has all that its process has: its own invocation's tokens, and the queue. */
    @Test
    void nobody_reports_for_his_neighbour() {
        lambda.functions().payloads();
        lambda.functions().environments(2);
        String victim = mixed("", List.of("sleep 3000"));
        String spy = mixed("", List.of("square 1"));
        http.done(spy);
        await().atMost(SOON).until(() -> payloads(victim).size() == 1);
        JsonNode target = payloads(victim).getFirst();
        String stolen = payloads(spy).getFirst().path("calls").get(0).path("token").asString();
        double before = messages("forged");
        List<String> messages = new ArrayList<>();
        for (String token : List.of("", stolen)) {
            messages.add(JsonMapper.shared()
                    .writeValueAsString(Map.of("version", 3, "tenant", "default", "callset", victim, "send",
                            target.path("send").asLong(), "worker", "x", "entries",
                            List.of(Map.of("call", 0, "attempt", 1, "token", token, "state", "success",
                                    "value",
                                    "\"forged\"")))));
        }
        // A failure record for it, with a token that is not its own.
        ((ObjectNode) target.path("calls").get(0)).put("token", stolen);
        messages.add("{\"requestContext\":{\"requestId\":\"x\",\"condition\":\"RetriesExhausted\"},\"requestPayload\":"
                + target
                + ",\"responsePayload\":{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"exit status 1\"}}");
        messages.add("no message at all");
        String data = JsonMapper.shared().writeValueAsString(messages.stream()
                .map(body -> Map.of("request", JsonMapper.shared().writeValueAsString(
                        Map.of("QueueUrl", target.path("queue").asString(), "MessageBody", body))))
                .toList());
        String attack = map("fn.Post", "", data);
        http.done(attack);
        assertThat(http.get("/calls/" + attack + "/results").text()).isEqualTo("[200,200,200,200]");
        await().atMost(SOON).untilAsserted(() -> assertThat(messages("forged") - before).isEqualTo(3));
        http.done(victim);
        assertThat(future(victim, "00000").path("state").asString()).isEqualTo("success");
        assertThat(future(victim, "00000").path("result").toString()).doesNotContain("forged");
        await().atMost(SOON).until(() -> lambda.waiting(store) == 0);
    }

    @Test
    void what_was_cancelled_or_deleted_before_it_began_is_not_run(@TempDir Path folder) {
        lambda.functions().environments(1);
        String first = mixed("", List.of("sleep 6500"));
        await().atMost(SOON).until(() -> future(first, "00000").path("state").asString().equals("invoked"));
        String cancelled = mixed("", List.of("fail-first " + folder.resolve("cancelled")));
        String deleted = mixed("", List.of("fail-first " + folder.resolve("deleted")));
        String kept = mixed("", List.of("fail-first " + folder.resolve("kept")));
        int sent = lambda.functions().invocations();
        await().atMost(SOON).until(() -> List.of(cancelled, deleted, kept).stream()
                .allMatch(id -> future(id, "00000").path("state").asString().equals("invoked")));
        http.post("/calls/" + cancelled + "/cancel", "");
        http.delete("/calls/" + deleted);
        http.done(kept);
        assertThat(folder.resolve("kept")).exists();
        assertThat(folder.resolve("cancelled")).doesNotExist();
        assertThat(folder.resolve("deleted")).doesNotExist();
        assertThat(lambda.functions().invocations()).isLessThanOrEqualTo(sent + 3);
    }

    @Test
    void a_small_warm_call_costs_one_invocation_and_one_message_and_nothing_of_the_store() {
        lambda.functions().environments(1);
        http.done(mixed("", List.of("square 1")));
        await().atMost(SOON).until(() -> lambda.waiting(store) == 0);
        int invocations = lambda.functions().invocations();
        double reports = messages("reports");
        int before = lambda.requestsOfWorkers(store);
        String id = mixed("", ExecutorContract.squares(60));
        ExecutorContract.assertSquares(http, id, 60);
        await().atMost(SOON).until(() -> lambda.waiting(store) == 0);
        assertThat(lambda.functions().invocations() - invocations).isEqualTo(60);
        assertThat(messages("reports") - reports).isEqualTo(60);
        assertThat(lambda.requestsOfWorkers(store) - before).isZero();
        // What waits for calls, or for messages, is none.
        MeterRegistry metrics = gateway.bean(MeterRegistry.class);
        await().atMost(SOON).untilAsserted(() -> {
            assertThat(metrics.get("wren.lambda.calls").gauge().value()).isZero();
            assertThat(metrics.get("wren.reports.undeleted").gauge().value()).isZero();
        });
    }

    /** What a worker puts into the store after its callset was deleted does not stay there. */
    @Test
    void what_comes_after_a_delete_leaves_nothing() {
        lambda.functions().payloads();
        String id = mixed("", List.of("late-huge 200000"));
        await().atMost(SOON).until(() -> future(id, "00000").path("state").asString().equals("invoked"));
        await().atMost(SOON).until(() -> payloads(id).size() == 1);
        http.delete("/calls/" + id);
        double before = messages("reports");
        await().atMost(SOON).until(() -> messages("reports") > before);
        String key = CallsetId.parse(id).orElseThrow().key();
        await().atMost(SOON).until(() -> lambda.keys(store, "default/callsets/" + key).isEmpty());
    }

    /** Links that have run out, or a store that is away: the call has not been begun, and is sent again a few times. */
    @Test
    void a_jar_that_cannot_be_had_is_no_attempt_and_an_error_in_the_end() {
        lambda.functions().clear();
        TestStore.s3().proxy()
                .faults(request -> request.query().contains("X-Amz-Signature") && request.path().contains("/jars/")
                        ? new FaultProxy.Fault.Answer(403, "AccessDenied", false)
                        : FaultProxy.Fault.NONE);
        try {
            String id = mixed("", List.of("square 2"));
            http.done(id);
            assertThat(future(id, "00000").path("error").path("code").asString()).isEqualTo("RUNTIME");
            assertThat(future(id, "00000").path("error").path("message").asString()).contains("the jar is refused");
            assertThat(future(id, "00000").path("error").toString()).doesNotContain("X-Amz");
        } finally {
            TestStore.s3().proxy().faults(_ -> FaultProxy.Fault.NONE);
        }
        String id = mixed("", List.of("square 2"));
        http.done(id);
        assertThat(future(id, "00000").path("result").asInt()).isEqualTo(4);
    }

    @Test
    void an_attempt_may_not_run_longer_than_the_function() {
        lambda.functions().timeout(600);
        Http.Answer refused = http.post("/calls", ExecutorContract.map(",\"jobMaxRuntime\":901", List.of("square 1")));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/jobMaxRuntime");
        lambda.functions().timeout(900);
    }

    @Test
    void a_process_that_is_killed_is_told_of_by_lambda_and_the_call_is_tried_again_as_asked() {
        String twice = mixed(",\"maxAttempts\":2", List.of("kill"));
        http.done(twice);
        assertThat(future(twice, "00000").path("error").path("code").asString()).isEqualTo("RETCODE");
        assertThat(future(twice, "00000").path("status").path("exitCode").asInt()).isEqualTo(137);
        assertThat(future(twice, "00000").path("attempts").asInt()).isEqualTo(2);
    }

    @Test
    void what_a_function_leaves_behind_ends_its_environment_and_no_call() {
        String id = mixed(",\"chunkSize\":4", List.of("leave-thread", "square 2", "out-of-memory", "square 3"));
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(3);
        assertThat(future(id, "00002").path("error").path("code").asString()).isEqualTo("FUNCTION");
        assertThat(IntStream.of(1, 3).mapToObj(i -> future(id, "0000" + i).path("result").asInt()))
                .containsExactly(4, 9);
    }
}
