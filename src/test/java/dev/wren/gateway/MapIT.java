package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.client.generated.invoker.ApiException;
import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.Function;
import dev.wren.client.generated.model.Future;
import dev.wren.client.generated.model.FutureRef;
import dev.wren.client.generated.model.MapRequest;
import dev.wren.client.generated.model.PageFuture;
import dev.wren.client.generated.model.WaitRequest;
import dev.wren.client.generated.model.WaitResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Maps through the generated client and by plain HTTP, on the real gateway with real workers. */
class MapIT {

    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path store) {
        gateway = RunningGateway.startWithFunctions(store, "--wren.callsets.allow-overwrite-invoke-args=true");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static MapRequest square(Object... data) {
        return new MapRequest().function(new Function().jar("fn").handler("fn.Square"))
                .iterdata(List.of(data));
    }

    private static String mixed(String data, String more) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":" + data + more + "}";
    }

    @Test
    void maps_through_the_generated_client() throws ApiException {
        Callset callset = gateway.calls().map(square(1, 2, 3).tags(Map.of("color", "red")), null, null);
        Callset done = gateway.calls().getCallset(callset.getCallsetId(), 30.0, null);
        assertThat(done.getDone()).isTrue();
        assertThat(done.getDoneAt()).isNotNull();
        assertThat(done.getStates().getSuccess()).isEqualTo(3);
        assertThat(gateway.calls().getResults(callset.getCallsetId(), null, null, null)).isEqualTo(List.of(1, 4, 9));
        Future future = gateway.calls().getFuture(callset.getCallsetId(), "00002", null, null);
        assertThat(future.getState().getValue()).isEqualTo("success");
        assertThat(future.getResult()).isEqualTo(9);
        assertThat(gateway.calls().listCallsets(null, null, List.of("color:red"), null, null).getItems())
                .extracting(Callset::getCallsetId).containsExactly(callset.getCallsetId());
        assertThat(gateway.executors().listExecutors().getItems().getFirst().getName()).isEqualTo("local");
    }

    @Test
    void the_same_jar_again_is_200_and_new_content_201() {
        assertThat(http.putJar("twice", RunningGateway.EXAMPLES).status()).isEqualTo(201);
        assertThat(http.putJar("twice", RunningGateway.EXAMPLES).status()).isEqualTo(200);
        assertThat(http.putJar("twice", RunningGateway.FUNCTIONS).status()).isEqualTo(201);
        assertThat(http.delete("/jars/twice").status()).isEqualTo(204);
        assertThat(http.get("/jars/twice").status()).isEqualTo(404);
    }

    @Test
    void an_empty_map_is_done_at_once() {
        JsonNode callset = http.post("/calls", mixed("[]", "")).json();
        assertThat(callset.path("done").asBoolean()).isTrue();
        assertThat(callset.path("doneAt").asString()).isEqualTo(callset.path("createdAt").asString());
        assertThat(http.get("/calls/" + callset.path("callsetId").asString() + "/results").text()).isEqualTo("[]");
    }

    @Test
    void numbers_keep_their_digits() {
        String data = "[1.10,123456789012345678901234567890,0.1000000000000000055511151231257827,1E+2]";
        String id = http.map("{\"iterdata\":" + data + ",\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}");
        http.done(id);
        assertThat(http.get("/calls/" + id + "/results").text()).isEqualTo(data);
    }

    @Test
    void result_answers_by_its_table() {
        String id = http.map(mixed("[\"square 3\",\"throw no\",\"forever\"]", ""));
        String path = "/calls/" + id;
        assertThat(http.get(path + "/00000/result").text()).isEqualTo("9");
        Http.Answer failed = http.get(path + "/00001/result");
        assertThat(failed.status()).isEqualTo(424);
        assertThat(failed.slug()).isEqualTo("call-failed");
        assertThat(failed.json().path("error").path("code").asString()).isEqualTo("FUNCTION");
        assertThat(failed.json().path("error").path("type").asString()).isEqualTo("java.lang.IllegalStateException");
        assertThat(http.get(path + "/00001/result?throwExcept=false").status()).isEqualTo(204);
        Http.Answer open = http.get(path + "/00002/result?timeout=0.1");
        assertThat(open.status()).isEqualTo(202);
        assertThat(open.header("Retry-After")).isNotEmpty();
        assertThat(http.get(path + "/00002/result?checkOnly=true").status()).isEqualTo(202);
        assertThat(http.get(path + "/results?checkOnly=true").status()).isEqualTo(424);
        assertThat(http.get(path + "/results?timeout=0&throwExcept=false").status()).isEqualTo(202);
        assertThat(http.post(path + "/00002/cancel", "").json().path("state").asString()).isEqualTo("cancelled");
        assertThat(http.get(path + "/00002/result?throwExcept=false").status()).isEqualTo(410);
        assertThat(http.get(path + "/00009/result").status()).isEqualTo(404);
        assertThat(http.get(path + "/results?throwExcept=false").text()).isEqualTo("[9,null,null]");
    }

    @Test
    void ndjson_results_come_in_order_with_errors_in_their_lines() {
        String id = http.map(mixed("[\"square 3\",\"throw no\",\"null\"]", ""));
        List<JsonNode> lines = http.get("/calls/" + id + "/results", "Accept", "application/x-ndjson").text().lines()
                .map(Http.JSON::readTree).toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0).toString()).isEqualTo("{\"callId\":\"00000\",\"state\":\"success\",\"result\":9}");
        assertThat(lines.get(1).path("error").path("message").asString()).isEqualTo("no");
        assertThat(lines.get(2).path("result").isNull()).isTrue();
    }

    @Test
    void a_cancelled_callset_is_cancelled_by_the_answer_and_its_workers_are_free_again() {
        String id = http.map(mixed("[\"busy\",\"busy\",\"busy\",\"busy\"]", ""));
        http.get("/calls/" + id + "?wait=0.3");
        JsonNode cancelled = http.post("/calls/" + id + "/cancel", "").json();
        assertThat(cancelled.path("states").path("cancelled").asInt()).isEqualTo(4);
        assertThat(cancelled.path("done").asBoolean()).isTrue();
        String doneAt = cancelled.path("doneAt").asString();
        String next = http.map(mixed("[\"square 2\"]", ""));
        assertThat(http.get("/calls/" + next + "/00000/result").text()).isEqualTo("4");
        assertThat(http.get("/calls/" + id).json().path("doneAt").asString()).isEqualTo(doneAt);
    }

    @Test
    void a_deleted_callset_is_gone_for_everybody() {
        String id = http.map(mixed("[\"busy\"]", ""));
        assertThat(http.delete("/calls/" + id).status()).isEqualTo(204);
        assertThat(http.get("/calls/" + id).status()).isEqualTo(404);
        assertThat(http.delete("/calls/" + id).status()).isEqualTo(404);
        assertThat(http.get("/calls?limit=1000").text()).doesNotContain(id);
    }

    @Test
    void waits_for_any_all_and_always() throws ApiException {
        String id = http.map(mixed("[\"forever\",\"square 5\"]", ""));
        List<FutureRef> both = List.of(new FutureRef().callsetId(id).callId("00000"),
                new FutureRef().callsetId(id).callId("00001"));
        WaitResult any = gateway.calls().waitForFutures(new WaitRequest().futures(both)
                .returnWhen(WaitRequest.ReturnWhenEnum.ANY_COMPLETED).timeout(20.0));
        assertThat(any.getComplete()).isTrue();
        assertThat(any.getDone()).extracting(Future::getCallId).containsExactly("00001");
        assertThat(any.getNotDone()).extracting(Future::getCallId).containsExactly("00000");
        WaitResult all = gateway.calls().waitForFutures(
                new WaitRequest().futures(both).timeout(0.1));
        assertThat(all.getComplete()).isFalse();
        WaitResult always = gateway.calls().waitForFutures(new WaitRequest().callsets(List.of(id))
                .returnWhen(WaitRequest.ReturnWhenEnum.ALWAYS));
        assertThat(always.getComplete()).isTrue();
        http.post("/calls/" + id + "/cancel", "");
        assertThat(http.post("/wait", "{}").json().path("complete").asBoolean()).isTrue();
    }

    @Test
    void a_long_poll_is_answered_when_the_call_ends() {
        http.done(http.map(mixed("[\"square 1\",\"square 1\"]", "")));
        String id = http.map(mixed("[\"sleep 700\"]", ""));
        JsonNode future = http.get("/calls/" + id + "/00000?wait=20").json();
        Instant answered = Instant.now();
        assertThat(future.path("state").asString()).isEqualTo("success");
        Instant ended = Instant.parse(future.path("status").path("endTime").asString());
        assertThat(Duration.between(ended, answered)).isLessThan(Duration.ofMillis(500));
    }

    @Test
    void prefer_waits_too() {
        String id = http.map(mixed("[\"square 1\"]", ""));
        Http.Answer answer = http.get("/calls/" + id + "/00000", "Prefer", "wait=20");
        assertThat(answer.header("Preference-Applied")).isEqualTo("wait=20");
        assertThat(answer.json().path("state").asString()).isEqualTo("success");
    }

    @Test
    void attempts_are_made_and_shown() {
        String id = http.map(mixed("[\"throw again\"]", ",\"maxAttempts\":3"));
        http.done(id);
        JsonNode future = http.get("/calls/" + id + "/00000").json();
        assertThat(future.path("state").asString()).isEqualTo("error");
        assertThat(future.path("attempts").asInt()).isEqualTo(3);
        assertThat(future.path("attemptLog").size()).isEqualTo(3);
        assertThat(future.path("attemptLog").get(0).path("attempt").asInt()).isEqualTo(1);
    }

    @Test
    void more_failures_than_tolerated_cancel_the_rest() {
        List<String> data = new ArrayList<>();
        IntStream.range(0, 20).forEach(_ -> data.add("\"throw x\""));
        IntStream.range(0, 200).forEach(_ -> data.add("\"sleep 200\""));
        String id = http.map(mixed(data.toString(), ",\"toleratedFailures\":\"1%\",\"chunkSize\":1"));
        JsonNode states = http.done(id).path("states");
        assertThat(states.path("error").asInt()).isBetween(3, 8);
        assertThat(states.path("cancelled").asInt()).isGreaterThan(150);
    }

    @Test
    void never_more_calls_run_at_once_than_allowed() {
        String id = http.map(mixed("[\"sleep 60\",\"sleep 60\",\"sleep 60\",\"sleep 60\",\"sleep 60\"]",
                ",\"maxConcurrency\":1"));
        http.done(id);
        List<Instant[]> runs = new ArrayList<>();
        for (JsonNode future : http.get("/calls/" + id + "/futures").json().path("items")) {
            JsonNode status = future.path("status");
            runs.add(new Instant[]{Instant.parse(status.path("startTime").asString()),
                    Instant.parse(status.path("endTime").asString())});
        }
        runs.sort(Comparator.comparing(run -> run[0]));
        for (int i = 1; i < runs.size(); i++) {
            assertThat(runs.get(i)[0]).isAfterOrEqualTo(runs.get(i - 1)[1]);
        }
    }

    @Test
    void a_slow_call_does_not_hold_up_those_behind_it() {
        StringBuilder data = new StringBuilder("[");
        IntStream.range(0, 2000).forEach(i -> data.append(i == 1000 ? "\"forever\"," : "\"square 2\","));
        String id = http.map(mixed(data.append("\"square 3\"]").toString(), ""));
        long begun = System.nanoTime();
        int success = 0;
        while (success < 2000 && System.nanoTime() - begun < 20_000_000_000L) {
            success = http.get("/calls/" + id + "?wait=0.2").json().path("states").path("success").asInt();
        }
        assertThat(success).isEqualTo(2000);
        assertThat(http.get("/calls/" + id + "/01000").json().path("state").asString()).isEqualTo("running");
        http.post("/calls/" + id + "/cancel", "");
    }

    @Test
    void extra_environment_and_fresh_runtimes() {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Env\"},\"iterdata\":[\"WREN_TEST\"],"
                + "\"extraEnv\":{\"WREN_TEST\":\"here\"},\"useCachedRuntime\":false}");
        assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo("\"here\"");
        assertThat(http.get("/calls/" + id + "/00000").json().path("status").path("runtimeCached").asBoolean())
                .isFalse();
        String other = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Env\"},\"iterdata\":[\"WREN_TEST\"]}");
        assertThat(http.get("/calls/" + other + "/00000/result").text()).isEqualTo("null");
    }

    @Test
    void data_in_one_object_or_in_many_give_the_same() {
        String text = "x".repeat(1000);
        StringBuilder data = new StringBuilder("[");
        IntStream.range(0, 300).forEach(i -> data.append(i == 0 ? "" : ",").append("\"text ").append(i).append(text)
                .append("\""));
        data.append("]");
        String one = http.map(mixed(data.toString(), ""));
        String each = http.map(mixed(data.toString(), ",\"dataAllAsOne\":false"));
        http.done(one);
        http.done(each);
        assertThat(http.get("/calls/" + each + "/results").text())
                .isEqualTo(http.get("/calls/" + one + "/results").text());
    }

    @Test
    void a_worker_of_another_version_says_so() {
        String id = http.map(mixed("[\"square 2\"]", ",\"overwriteInvokeArgs\":{\"protocolVersion\":999}"));
        http.done(id);
        assertThat(http.get("/calls/" + id + "/00000").json().path("error").path("code").asString())
                .isEqualTo("WRONGVERSION");
    }

    @Test
    void large_values_and_logs_lie_beside_the_record() {
        String id = http.map(mixed("[\"huge 200000\"]", ""));
        http.done(id);
        JsonNode future = http.get("/calls/" + id + "/00000").json();
        assertThat(future.path("state").asString()).isEqualTo("success");
        assertThat(future.has("result")).isFalse();
        assertThat(http.get(future.path("links").path("result").asString()).text()).hasSize(200_002);
        String printing = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[\"print "
                + "y".repeat(50_000) + "\"]}");
        http.done(printing);
        assertThat(http.get("/calls/" + printing + "/00000/logs").text()).contains("y".repeat(50_000));
    }

    @Test
    void futures_are_paged_in_order() throws ApiException {
        StringBuilder data = new StringBuilder("[\"square 0\"");
        IntStream.range(1, 25).forEach(i -> data.append(",\"square ").append(i).append("\""));
        String id = http.map(mixed(data.append("]").toString(), ""));
        http.done(id);
        List<String> ids = new ArrayList<>();
        String next = "/calls/" + id + "/futures?limit=10";
        while (!next.isEmpty()) {
            JsonNode page = http.get(next).json();
            page.path("items").forEach(item -> ids.add(item.path("callId").asString()));
            next = page.path("next").asString("");
        }
        assertThat(ids).hasSize(25).isSorted().doesNotHaveDuplicates();
        PageFuture errors = gateway.calls().listFutures(id, "error", null, null);
        assertThat(errors.getItems()).isEmpty();
    }
}
