package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.protocol.CallsetId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What every executor must do, seen by a caller. All but one of the tests share a gateway. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ExecutorContract {

    /** In each of several maps; one of them sends as many invocations. */
    private static final int CALLS = 200;

    private Path sharedStore;
    private @Nullable RunningGateway shared;

    /** A gateway whose default executor is the one under test, with the test functions as {@code fn}. */
    abstract RunningGateway start(Path store);

    @BeforeAll
    void keep(@TempDir Path store) {
        sharedStore = store;
    }

    /** The gateway that tests share, which leave its jar {@code fn} and its executor as they are. */
    final RunningGateway shared() {
        RunningGateway running = shared;
        if (running == null) {
            running = start(sharedStore);
            shared = running;
        }
        return running;
    }

    /** To be called before what the gateway needs is closed. */
    @AfterAll
    void closeShared() {
        if (shared != null) {
            shared.close();
            shared = null;
        }
    }

    /** Keys of that gateway's store. */
    List<String> keys(Path store, String prefix) {
        return TestStore.keys(store, prefix);
    }

    static String map(String more, List<String> data) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"}" + more + ",\"iterdata\":["
                + data.stream().map(each -> "\"" + each + "\"").collect(Collectors.joining(",")) + "]}";
    }

    static List<String> squares(int count) {
        return IntStream.range(0, count).mapToObj(i -> "square " + i).toList();
    }

    static void assertSquares(Http http, String id, int count) {
        http.done(id);
        JsonNode results = http.get("/calls/" + id + "/results").json();
        assertThat(results.valueStream().map(JsonNode::asInt))
                .containsExactlyElementsOf(IntStream.range(0, count).mapToObj(i -> i * i).toList());
    }

    private static String code(Http http, String id, String call) {
        return http.get("/calls/" + id + "/" + call).json().path("error").path("code").asString();
    }

    @Test
    void calls_come_to_their_values_and_errors() {
        Http http = shared().http();
        String id = http.map(map("", List.of("square 3", "throw on purpose", "null", "text häß\\u0000lich")));
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(3);
        assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo("9");
        assertThat(http.get("/calls/" + id + "/00002/result").text()).isEqualTo("null");
        assertThat(http.get("/calls/" + id + "/00003/result").json().asString()).isEqualTo("häß\u0000lich");
        assertThat(code(http, id, "00001")).isEqualTo("FUNCTION");
        JsonNode future = http.get("/calls/" + id + "/00001").json();
        assertThat(future.path("error").path("message").asString()).isEqualTo("on purpose");
        assertThat(future.path("attempts").asInt()).isEqualTo(1);
        assertThat(future.path("status").path("workerId").asString()).isNotEmpty();
    }

    @Test
    void many_calls_in_chunks_come_to_one_outcome_each() {
        Http http = shared().http();
        List<String> ids = Stream.of(1, 7, 100)
                .map(size -> http.map(map(",\"chunkSize\":" + size, squares(CALLS)))).toList();
        ids.forEach(id -> assertSquares(http, id, CALLS));
        ids.forEach(id -> assertThat(http.get("/calls/" + id + "/futures?limit=1000").json().path("items")
                .valueStream().map(future -> future.path("attempts").asInt())).containsOnly(1));
    }

    @Test
    void a_failed_attempt_is_tried_again_as_often_as_asked(@TempDir Path folder) {
        Http http = shared().http();
        String id = http.map(map(",\"maxAttempts\":3", List.of("throw x",
                "fail-first " + folder.resolve("marker"))));
        http.done(id);
        JsonNode failed = http.get("/calls/" + id + "/00000").json();
        assertThat(failed.path("attempts").asInt()).isEqualTo(3);
        assertThat(failed.path("attemptLog").size()).isEqualTo(3);
        assertThat(http.get("/calls/" + id + "/00001/result").json().asString()).isEqualTo("the second time");
    }

    @Test
    void a_call_over_its_time_ends_and_others_go_on() {
        Http http = shared().http();
        String id = http.map(map(",\"jobMaxRuntime\":0.5,\"chunkSize\":1",
                List.of("forever", "square 2", "square 3")));
        assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(2);
        assertThat(code(http, id, "00000")).isEqualTo("OUTATIME");
        assertSquares(http, http.map(map("", squares(3))), 3);
    }

    @Test
    void a_cancel_is_final_and_leaves_room() {
        Http http = shared().http();
        String id = http.map(map(",\"chunkSize\":2", Collections.nCopies(6, "forever")));
        String one = http.map(map(",\"chunkSize\":1", List.of("forever", "square 1")));
        assertThat(http.post("/calls/" + one + "/00000/cancel", "").json().path("state").asString())
                .isEqualTo("cancelled");
        assertThat(http.post("/calls/" + id + "/cancel", "").json().path("states").path("cancelled").asInt())
                .isEqualTo(6);
        assertThat(http.done(one).path("states").path("success").asInt()).isEqualTo(1);
        assertSquares(http, http.map(map("", squares(20))), 20);
        assertThat(http.get("/calls/" + id).json().path("states").path("cancelled").asInt()).isEqualTo(6);
    }

    /** By the workers' own times: the states of the calls show an outcome only when it is durable. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void as_many_calls_run_at_once_as_asked(int asked) {
        Http http = shared().http();
        String id = http.map(map(",\"chunkSize\":1,\"maxConcurrency\":" + asked,
                Collections.nCopies(8, "sleep 300")));
        http.done(id);
        List<JsonNode> statuses = http.get("/calls/" + id + "/futures").json().path("items").valueStream()
                .map(future -> future.path("status")).toList();
        assertThat(statuses).hasSize(8);
        assertThat(statuses.stream().mapToLong(one -> statuses.stream()
                .filter(other -> !instant(other, "startTime").isAfter(instant(one, "startTime"))
                        && instant(other, "endTime").isAfter(instant(one, "startTime")))
                .count()).max()).as("calls running at once").hasValue(asked);
    }

    private static Instant instant(JsonNode status, String name) {
        return Instant.parse(status.path(name).asString());
    }

    @Test
    void a_stop_in_the_middle_loses_nothing(@TempDir Path store) {
        String id;
        try (RunningGateway gateway = start(store)) {
            Http http = gateway.http();
            id = http.map(map(",\"chunkSize\":3", squares(300)));
            http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 20);
        }
        try (RunningGateway gateway = start(store)) {
            assertSquares(gateway.http(), id, 300);
        }
    }

    @Test
    void a_delete_in_the_middle_leaves_nothing() {
        Http http = shared().http();
        String id = http.map(map(",\"chunkSize\":3", squares(300)));
        http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 20);
        assertThat(http.delete("/calls/" + id).status()).isEqualTo(204);
        assertSquares(http, http.map(map("", squares(50))), 50);
        String key = CallsetId.parse(id).orElseThrow().key();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> keys(sharedStore, "default/callsets/" + key).isEmpty());
    }

    @Test
    void wrong_overrides_are_refused_with_their_pointers() {
        Http.Answer refused = shared().http().post("/calls", map(",\"config\":{\"no/such\":1}", squares(1)));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/config/no~1such");
    }
}
