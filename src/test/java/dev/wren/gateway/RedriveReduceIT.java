package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.Function;
import dev.wren.client.generated.model.ReduceRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Callsets that are made of callsets. */
class RedriveReduceIT {

    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.startWithFunctions(folder, "--wren.callsets.max-reduce-size=1MB");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String mixed(String data, String more) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":" + data + more + "}";
    }

    private static final String SUM = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}";

    @Test
    void redrive_runs_the_failed_and_cancelled_calls_again_in_order() throws Exception {
        String id = http.map(mixed("[\"square 1\",\"throw a\",\"forever\",\"square 2\",\"throw b\",\"throw c\"]",
                ",\"tags\":{\"k\":\"v\"},\"extraMeta\":{\"m\":1},\"maxAttempts\":1"));
        assertThat(http.post("/calls/" + id + "/redrive", "").slug()).isEqualTo("not-done");
        http.get("/calls/" + id + "/00005?wait=20");
        http.post("/calls/" + id + "/00002/cancel", "");
        http.done(id);
        Callset redrive = gateway.calls().redrive(id, null);
        assertThat(redrive.getRedriveOf()).isEqualTo(id);
        assertThat(redrive.getSize()).isEqualTo(4);
        assertThat(redrive.getTags()).containsEntry("k", "v");
        assertThat(redrive.getFutures()).extracting("redriveOfCallId").containsExactly("00001", "00002", "00004",
                "00005");
        http.get("/calls/" + redrive.getCallsetId() + "/00003?wait=20");
        http.post("/calls/" + redrive.getCallsetId() + "/cancel", "");
        JsonNode second = http.get("/calls/" + redrive.getCallsetId() + "/00002").json();
        assertThat(second.path("error").path("message").asString()).isEqualTo("b");
        assertThat(second.path("redriveOfCallId").asString()).isEqualTo("00004");
        assertThat(second.path("invokeMetadata").path("extraMeta").path("m").asInt()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"true,1000", "false,200"})
    void redrive_of_many_copies_their_data(boolean oneObject, int failing) {
        String text = "x".repeat(300);
        String data = IntStream.range(0, 3 * failing)
                .mapToObj(i -> i % 3 == 0 ? "\"throw " + i + text + "\"" : "\"text " + i + text + "\"")
                .collect(Collectors.joining(",", "[", "]"));
        String id = http.map(mixed(data, ",\"dataAllAsOne\":" + oneObject));
        http.done(id);
        Http.Answer redrive = http.post("/calls/" + id + "/redrive", "");
        assertThat(redrive.json().path("size").asInt()).isEqualTo(failing);
        String again = redrive.json().path("callsetId").asString();
        assertThat(http.done(again).path("states").path("error").asInt()).isEqualTo(failing);
        JsonNode last = http.get("/calls/" + again + "/%05d".formatted(failing - 1)).json();
        int of = 3 * (failing - 1);
        assertThat(last.path("redriveOfCallId").asString()).isEqualTo("%05d".formatted(of));
        assertThat(last.path("error").path("message").asString()).isEqualTo(of + text);
    }

    @Test
    void redrive_of_nothing_is_empty_and_keeps_the_jar_that_was_pinned() {
        http.putJar("redriven", RunningGateway.FUNCTIONS);
        String map = "{\"function\":{\"jar\":\"redriven\",\"handler\":\"fn.Mixed\"},\"iterdata\":[\"throw x\"]}";
        String id = http.map(map);
        String good = http.map(mixed("[\"square 1\"]", ""));
        http.done(id);
        http.done(good);
        Http.Answer none = http.post("/calls/" + good + "/redrive", "");
        assertThat(none.status()).isEqualTo(202);
        assertThat(none.json().path("size").asInt()).isZero();
        assertThat(none.json().path("done").asBoolean()).isTrue();
        http.putJar("redriven", RunningGateway.EXAMPLES);
        Http.Answer again = http.post("/calls/" + id + "/redrive", "");
        assertThat(again.status()).as(again.text()).isEqualTo(202);
        assertThat(again.json().path("function")).isEqualTo(http.get("/calls/" + id).json().path("function"));
    }

    @Test
    void reduce_runs_once_all_have_succeeded() throws Exception {
        String id = http.map(mixed("[\"square 2\",\"sleep 300\",\"text a\",\"null\"]", ",\"tags\":{\"k\":\"v\"}"));
        Callset reduce = gateway.calls().reduce(id,
                new ReduceRequest().function(new Function().jar("fn").handler("fn.Echo")), null);
        assertThat(reduce.getReduceOf()).isEqualTo(id);
        assertThat(reduce.getSize()).isEqualTo(1);
        assertThat(reduce.getTags()).containsEntry("k", "v");
        assertThat(reduce.getStates().getNew()).isEqualTo(1);
        assertThat(gateway.calls().getResult(reduce.getCallsetId(), "00000", 20.0, null, null))
                .isEqualTo(http.get("/calls/" + id + "/results").json().valueStream().map(RedriveReduceIT::plain)
                        .toList());
        // Of one that is done, and of none at all.
        String after = http.post("/calls/" + id + "/reduce", SUM).json().path("callsetId").asString();
        assertThat(http.get("/calls/" + after + "/00000/result").text()).isEqualTo("[4,300,\"a\",null]");
        String empty = http.map(mixed("[]", ""));
        String ofEmpty = http.post("/calls/" + empty + "/reduce", SUM).json().path("callsetId").asString();
        assertThat(http.get("/calls/" + ofEmpty + "/00000/result").text()).isEqualTo("[]");
    }

    private static Object plain(JsonNode value) {
        return value.isNumber() ? value.asInt() : value.isNull() ? null : value.asString();
    }

    @Test
    void reduce_ends_in_error_without_running_if_one_does_not_succeed() {
        List<String> bad = new ArrayList<>();
        String failing = http.map(mixed("[\"square 2\",\"throw no\"]", ""));
        bad.add(http.post("/calls/" + failing + "/reduce", SUM).json().path("callsetId").asString());
        String cancelled = http.map(mixed("[\"forever\"]", ""));
        bad.add(http.post("/calls/" + cancelled + "/reduce", SUM).json().path("callsetId").asString());
        http.post("/calls/" + cancelled + "/cancel", "");
        String deleted = http.map(mixed("[\"forever\"]", ""));
        bad.add(http.post("/calls/" + deleted + "/reduce", SUM).json().path("callsetId").asString());
        http.delete("/calls/" + deleted);
        String large = http.map(mixed("[\"huge 600000\",\"huge 600000\"]", ""));
        bad.add(http.post("/calls/" + large + "/reduce", SUM).json().path("callsetId").asString());
        List<String> why = List.of("1 ended in error", "1 were cancelled", "was deleted", "more than 1048576 bytes");
        for (int i = 0; i < bad.size(); i++) {
            String id = bad.get(i);
            http.done(id);
            JsonNode future = http.get("/calls/" + id + "/00000").json();
            assertThat(future.path("state").asString()).isEqualTo("error");
            assertThat(future.path("error").path("code").asString()).isEqualTo("RUNTIME");
            assertThat(future.path("error").path("message").asString()).contains(why.get(i));
            assertThat(future.path("attempts").asInt()).isZero();
            assertThat(future.path("status").isNull()).isTrue();
        }
        Http.Answer redrive = http.post("/calls/" + bad.getFirst() + "/redrive", "");
        assertThat(redrive.json().path("reduceOf").asString()).isEqualTo(failing);
        assertThat(http.done(redrive.json().path("callsetId").asString()).path("states").path("error").asInt())
                .isEqualTo(1);
    }

    @Test
    void a_waiting_reduce_can_be_cancelled_and_wrong_ones_are_refused() {
        String id = http.map(mixed("[\"forever\"]", ""));
        String reduce = http.post("/calls/" + id + "/reduce", SUM).json().path("callsetId").asString();
        assertThat(http.post("/calls/" + reduce + "/cancel", "").json().path("states").path("cancelled").asInt())
                .isEqualTo(1);
        assertThat(http.post("/calls/" + id + "/reduce", "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.No\"}}")
                .status()).isEqualTo(422);
        for (String wrong : List.of("{}", "[]", "{\"function\":{\"jar\":\"fn\"}}",
                "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"tags\":{}}")) {
            assertThat(http.post("/calls/" + id + "/reduce", wrong).status()).as(wrong).isEqualTo(400);
        }
        assertThat(http.post("/calls/01m8503ttw00krsvstv3hs5crt/reduce", SUM).status()).isEqualTo(404);
        http.delete("/calls/" + id);
    }

    @Test
    void a_reduce_outlives_a_kill_while_its_map_runs(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String reduce;
        try (GatewayProcess first = GatewayProcess.start(store, log)) {
            first.http().putJar("fn", RunningGateway.FUNCTIONS);
            String data = IntStream.range(0, 300).mapToObj(_ -> "\"sleep 5\"").collect(Collectors.joining(",", "[",
                    "]"));
            String id = first.http().map(mixed(data, ",\"chunkSize\":1"));
            reduce = first.http().post("/calls/" + id + "/reduce", SUM).json().path("callsetId").asString();
            first.http().until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 20);
            first.kill();
        }
        try (GatewayProcess second = GatewayProcess.start(store, log)) {
            assertThat(second.http().get("/calls/" + reduce + "/00000/result?timeout=60").json().size())
                    .isEqualTo(300);
            assertThat(Files.readString(log)).doesNotContain(" ERROR ");
        }
    }
}
