package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.FaultyStore.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A store that fails at the worst moment, or answers and is not heard: no callset is left that nobody drives. */
class RescueIT {

    private static final String JSON_DATA = IntStream.range(0, 40_000).mapToObj(Integer::toString)
            .collect(Collectors.joining(",", "[", "]"));

    private static final FaultyStore STORE = new FaultyStore();

    @TempDir
    private static Path folder;
    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.startWithFunctions(folder, STORE::in, RunningGateway.MANAGED,
                "--wren.executors.local.stop-timeout=100ms");
        http = gateway.http();
    }

    /** Nothing of a test is left for the next. */
    @AfterEach
    void clean() throws IOException {
        STORE.fail(false);
        http.callsets("").forEach(id -> http.delete("/calls/" + id));
        await().atMost(Duration.ofSeconds(20)).until(() -> objects() == 0);
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String square(String data, String more) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":" + data + more + "}";
    }

    /** The first so many requests to keys with {@code part} have this fault. */
    private static void fail(int times, Fault fault, String operation, String part) {
        AtomicInteger left = new AtomicInteger(times);
        STORE.faults((asked, key) -> asked.equals(operation) && key.contains(part) && left.getAndDecrement() > 0
                ? fault
                : Fault.NONE);
    }

    private static long objects() {
        return TestStore.keys(folder, "default/callsets/").size();
    }

    private static void assertDone(String id, int calls) {
        await().atMost(Duration.ofSeconds(20)).until(
                () -> http.get("/calls/" + id + "?wait=1").json().path("done").asBoolean());
        assertThat(http.get("/calls/" + id).json().path("states").path("success").asInt()).isEqualTo(calls);
    }

    @Test
    void a_commit_that_is_not_heard_of_is_made_once() {
        fail(2, Fault.AFTER, "putIfAbsent", "/log/");
        assertDone(http.map(square("[1,2,3]", "")), 3);
    }

    @Test
    void a_manifest_that_is_not_heard_of_is_accepted() throws IOException {
        fail(1, Fault.AFTER, "putIfAbsent", "/callset");
        assertDone(http.map(square("[1,2,3]", "")), 3);
        STORE.fail(false);
        assertThat(http.get("/calls").json().path("items").size()).isEqualTo(1);
    }

    @Test
    void a_manifest_that_cannot_be_put_leaves_nothing() throws IOException {
        fail(9, Fault.BEFORE, "putIfAbsent", "/callset");
        assertThat(http.post("/calls", square(JSON_DATA, "")).status()).isEqualTo(503);
        assertThat(objects()).isZero();
    }

    @Test
    void what_a_refused_submission_leaves_is_deleted_later() throws Exception {
        fail(3, Fault.BEFORE, "list", "/callsets/");
        assertThat(http.post("/calls", square(JSON_DATA.replace("]", ",\"x"), "")).status()).isEqualTo(400);
        await().atMost(Duration.ofSeconds(20)).until(() -> objects() == 0);
    }

    /** The other objects of a submission: its sender is told that it failed, or it is accepted; nothing between. */
    @ParameterizedTest
    @ValueSource(strings = {"putIfAbsent /each/00001", "commit /data", "commit /data.index", "replace idempotency/"})
    void a_submission_whose_object_is_not_heard_of_is_accepted_or_refused(String fault) throws Exception {
        String[] parts = fault.split(" ");
        fail(1, Fault.AFTER, parts[0], parts[1]);
        String more = parts[1].startsWith("/each") ? ",\"dataAllAsOne\":false" : "";
        String data = parts[0].equals("commit") ? JSON_DATA : "[1,2,3]";
        String[] key = {"Idempotency-Key", fault.replaceAll("\\W", "-")};
        Http.Answer first = http.post("/calls", square(data, more), key);
        assertThat(first.status()).as(first.text()).isIn(202, 503);
        if (first.status() == 503) {
            assertThat(objects()).isZero();
        }
        Http.Answer again = http.post("/calls", square(data, more), key);
        assertThat(again.status()).as(again.text()).isIn(200, 202);
        assertDone(again.json().path("callsetId").asString(), data.equals(JSON_DATA) ? 40_000 : 3);
        assertThat(http.get("/calls").json().path("items").size()).isEqualTo(1);
    }

    /** Once the manifest is there, the callset is accepted, whatever its drive needs that cannot be had now. */
    @Test
    void a_reduce_whose_beginning_fails_goes_on_later() {
        String map = http.map(square("[1,2,3]", ""));
        assertDone(map, 3);
        fail(2, Fault.BEFORE, "read", "/each/00000");
        Http.Answer reduce = http.post("/calls/" + map + "/reduce",
                "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}");
        assertThat(reduce.status()).as(reduce.text()).isEqualTo(202);
        String id = reduce.json().path("callsetId").asString();
        assertDone(id, 1);
        assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo("[1,4,9]");
        assertThat(new Http(gateway.managementUrl()).get("/actuator/prometheus").text())
                .contains("wren_rescues_total{what=\"reduce\"}");
    }

    @Test
    void reduces_that_cannot_be_written_hold_up_no_other() {
        String map = http.map(square("[1,2,3]", ""));
        assertDone(map, 3);
        List<String> stuck = new ArrayList<>();
        Map<String, String> keys = new HashMap<>();
        STORE.faults((operation, key) -> operation.equals("commit") && keys.keySet().stream().anyMatch(key::contains)
                ? Fault.BEFORE
                : operation.equals("commit") && keys.size() < 4 && keys.put(key.split("/")[2], "") == null
                        ? Fault.BEFORE
                        : Fault.NONE);
        String reduce = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}";
        for (int i = 0; i < 4; i++) {
            stuck.add(http.post("/calls/" + map + "/reduce", reduce).json().path("callsetId").asString());
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> keys.size() == 4);
        assertDone(http.post("/calls/" + map + "/reduce", reduce).json().path("callsetId").asString(), 1);
        assertThat(stuck).allMatch(id -> !http.get("/calls/" + id).json().path("done").asBoolean());
        STORE.fail(false);
        stuck.forEach(id -> assertDone(id, 1));
    }

    @Test
    void a_callset_whose_delete_fails_runs_on() {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":"
                + "[\"sleep 1500\",\"sleep 1500\",\"square 2\"]}");
        fail(1, Fault.BEFORE, "delete", "/callset");
        assertThat(http.delete("/calls/" + id).status()).isEqualTo(503);
        assertDone(id, 3);
        fail(3, Fault.BEFORE, "list", "/callsets/");
        assertThat(http.delete("/calls/" + id).status()).isEqualTo(204);
        assertThat(http.get("/calls/" + id).status()).isEqualTo(404);
        await().atMost(Duration.ofSeconds(20)).until(() -> objects() == 0);
    }

    @Test
    void a_callset_that_cannot_be_read_at_the_start_is_driven_later() {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":"
                + "[\"square 1\",\"forever\",\"forever\"]}");
        http.until("/calls/" + id, callset -> callset.path("states").path("running").asInt() == 2);
        gateway.close();
        fail(3, Fault.BEFORE, "get", "/callset");
        gateway = RunningGateway.start(folder, STORE::in, RunningGateway.MANAGED,
                "--wren.executors.local.stop-timeout=100ms");
        http = gateway.http();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            Http.Answer answer = http.get("/calls/" + id);
            return answer.status() == 200 && answer.json().path("states").path("running").asInt() == 2;
        });
        assertThat(http.post("/calls/" + id + "/cancel", "").json().path("states").path("cancelled").asInt())
                .isEqualTo(2);
    }

    /** What is shown of calls only goes forward: 30 ms each, looked at as fast as can be. */
    @Test
    void futures_counts_and_filters_never_go_back() {
        List<String> order = List.of("new", "invoked", "running", "success");
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":5,\"iterdata\":["
                + IntStream.range(0, 60).mapToObj(_ -> "\"sleep 30\"").collect(Collectors.joining(",")) + "]}");
        Map<String, Integer> seen = new HashMap<>();
        int started = 0;
        boolean done = false;
        while (!done) {
            done = http.get("/calls/" + id).json().path("done").asBoolean();
            for (JsonNode future : http.get("/calls/" + id + "/futures?limit=100").json().path("items")) {
                int rank = order.indexOf(future.path("state").asString());
                String call = future.path("callId").asString();
                assertThat(rank).as("call %s is %s", call, future).isGreaterThanOrEqualTo(seen.getOrDefault(call, 0));
                seen.put(call, rank);
            }
            JsonNode states = http.get("/calls/" + id).json().path("states");
            int now = states.path("running").asInt() + states.path("success").asInt();
            assertThat(now).isGreaterThanOrEqualTo(started);
            started = now;
        }
        assertThat(seen.values()).containsOnly(3);
    }
}
