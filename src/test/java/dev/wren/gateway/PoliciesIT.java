package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.Function;
import dev.wren.client.generated.model.Future;
import dev.wren.client.generated.model.MapRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a map says of how its calls are to be run, through the generated client. */
class PoliciesIT {

    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.startWithFunctions(folder, "--wren.executors.local.workers=4",
                "--wren.dispatch.retry-base=50ms");
        http = gateway.http();
        // All four workers have their JVM from here on: how long that takes is not what is tested.
        http.done(http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Sleep\"},\"chunkSize\":1,\"iterdata\":"
                + "[3000,3000,3000,3000]}"));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static MapRequest map(String handler, List<?> data) {
        return new MapRequest().function(new Function().jar("fn").handler(handler))
                .iterdata(new ArrayList<>(data));
    }

    private static String submit(MapRequest request) throws Exception {
        return gateway.calls().map(request, null, null).getCallsetId();
    }

    private static List<Future> done(String id) throws Exception {
        http.done(id);
        return gateway.calls().listFutures(id, null, 1000, null).getItems();
    }

    /** When calls ran, as their workers say. */
    private record Run(Instant start, Instant end) {

        static Run of(Future future) {
            return new Run(future.getStatus().getStartTime().toInstant(), future.getStatus().getEndTime().toInstant());
        }
    }

    private static int mostAtOnce(List<Future> futures) {
        List<Run> runs = futures.stream().map(Run::of).sorted(Comparator.comparing(Run::start)).toList();
        int most = 0;
        for (Run run : runs) {
            // Who was running when this one began.
            most = Math.max(most, (int) runs.stream()
                    .filter(other -> !other.start.isAfter(run.start) && other.end.isAfter(run.start)).count());
        }
        return most;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void max_concurrency_is_never_exceeded_and_is_reached(int limit) throws Exception {
        List<Future> futures = done(submit(map("fn.Sleep", IntStream.range(0, 40).mapToObj(_ -> 25).toList())
                .maxConcurrency(limit)));
        assertThat(mostAtOnce(futures)).isEqualTo(limit);
    }

    @Test
    void without_max_concurrency_every_worker_is_used(@TempDir Path folder) throws Exception {
        List<Future> futures = done(
                submit(map("fn.Mixed", Collections.nCopies(4, "meet 4 " + folder)).chunkSize(1)));
        assertThat(futures).allSatisfy(future -> assertThat(future.getResult()).isEqualTo(true));
    }

    @ParameterizedTest
    @CsvSource({"3, 4", "10%, 6", "0, 1", "0%, 1"})
    void tolerated_failures_cancels_the_rest_once_exceeded(String tolerated, int decisive) throws Exception {
        List<String> data = new ArrayList<>();
        IntStream.range(0, 10).forEach(_ -> data.add("throw x"));
        IntStream.range(0, 40).forEach(_ -> data.add("sleep 300"));
        String json = Http.JSON.writeValueAsString(data);
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"chunkSize\":1,"
                + "\"toleratedFailures\":" + (tolerated.contains("%") ? "\"" + tolerated + "\"" : tolerated)
                + ",\"iterdata\":" + json + "}");
        JsonNode states = http.done(id).path("states");
        // Those that ran with the decisive one may have failed too.
        assertThat(states.path("error").asInt()).isBetween(decisive, decisive + 3);
        assertThat(states.path("cancelled").asInt()).isGreaterThanOrEqualTo(36);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "\"100%\"", "\"20.0%\""})
    void as_many_failures_as_tolerated_cancel_nothing(String tolerated) {
        List<String> data = new ArrayList<>();
        IntStream.range(0, 10).forEach(_ -> data.add("throw x"));
        IntStream.range(0, 40).forEach(_ -> data.add("square 2"));
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"toleratedFailures\":"
                + tolerated + ",\"iterdata\":" + Http.JSON.writeValueAsString(data) + "}");
        JsonNode states = http.done(id).path("states");
        assertThat(states.path("error").asInt()).isEqualTo(10);
        assertThat(states.path("success").asInt()).isEqualTo(40);
    }

    @Test
    void max_attempts_are_made_with_growing_jittered_waits_and_each_is_shown() throws Exception {
        List<Future> futures = done(submit(map("fn.Mixed",
                IntStream.range(0, 12).mapToObj(i -> "throw " + i).toList()).maxAttempts(4).chunkSize(1)));
        Set<Long> waits = new HashSet<>();
        for (Future future : futures) {
            assertThat(future.getState().getValue()).isEqualTo("error");
            assertThat(future.getAttempts()).isEqualTo(4);
            var log = future.getAttemptLog();
            assertThat(log).extracting("attempt").containsExactly(1, 2, 3, 4);
            assertThat(log).allSatisfy(attempt -> assertThat(attempt.getError().getMessage())
                    .isEqualTo(Integer.toString(Integer.parseInt(future.getCallId()))));
            for (int i = 1; i < 4; i++) {
                Duration wait = Duration.between(log.get(i - 1).getEndTime().toInstant(),
                        log.get(i).getStartTime().toInstant());
                // Half of 50, 100, 200 ms at the least.
                assertThat(wait).isGreaterThanOrEqualTo(Duration.ofMillis(24L << (i - 1)));
                waits.add(wait.toMillis());
            }
        }
        assertThat(waits).as("waits differ").hasSizeGreaterThan(10);
    }

    @Test
    void a_call_that_succeeds_at_last_is_a_success(@TempDir Path folder) throws Exception {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"maxAttempts\":5,\"iterdata\":["
                + "\"fail-first " + folder.resolve("marker") + "\"]}");
        http.done(id);
        Future future = gateway.calls().getFuture(id, "00000", null, null);
        assertThat(future.getState().getValue()).isEqualTo("success");
        assertThat(future.getAttempts()).isEqualTo(2);
        assertThat(future.getAttemptLog()).extracting(attempt -> attempt.getState().getValue())
                .containsExactly("error", "success");
    }

    @Test
    void chunk_size_is_how_many_go_together() throws Exception {
        // Calls of one chunk run one after another in one worker.
        List<Future> futures = done(submit(map("fn.Sleep", IntStream.range(0, 12).mapToObj(_ -> 20).toList())
                .chunkSize(6)));
        for (int first : List.of(0, 6)) {
            List<Future> chunk = futures.subList(first, first + 6);
            assertThat(chunk).extracting(future -> future.getStatus().getWorkerId()).containsOnly(chunk.getFirst()
                    .getStatus().getWorkerId());
            assertThat(mostAtOnce(chunk)).isEqualTo(1);
        }
        assertThat(futures.get(0).getStatus().getWorkerId()).isNotEqualTo(futures.get(6).getStatus().getWorkerId());
    }

    @Test
    void job_max_runtime_ends_an_attempt_and_the_next_may_succeed(@TempDir Path folder) throws Exception {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"maxAttempts\":2,"
                + "\"jobMaxRuntime\":0.5,\"iterdata\":[\"hang-first " + folder.resolve("marker") + "\",\"forever\"]}");
        http.done(id);
        Future second = gateway.calls().getFuture(id, "00000", null, null);
        assertThat(second.getState().getValue()).isEqualTo("success");
        assertThat(second.getAttemptLog().getFirst().getError().getCode().getValue()).isEqualTo("OUTATIME");
        Future never = gateway.calls().getFuture(id, "00001", null, null);
        assertThat(never.getError().getCode().getValue()).isEqualTo("OUTATIME");
        assertThat(never.getAttempts()).isEqualTo(2);
    }

    @Test
    void overwrite_invoke_args_are_for_configurations_that_allow_them() {
        Http.Answer answer = http.post("/calls", "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                + "\"iterdata\":[1],\"overwriteInvokeArgs\":{\"protocolVersion\":9}}");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.slug()).isEqualTo("not-allowed");
    }

    @Test
    void without_use_cached_runtime_jvm_and_jar_are_fresh() throws Exception {
        // A static of the same jar, elsewhere already in use.
        submit(map("fn.Counter", List.of(1, 1, 1, 1)));
        List<Future> fresh = done(submit(map("fn.Counter", List.of(1, 1, 1, 1, 1, 1)).useCachedRuntime(false)
                .maxConcurrency(1).chunkSize(1)));
        assertThat(fresh).extracting(Future::getResult).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(fresh.getFirst().getStatus().getRuntimeCached()).isFalse();
        assertThat(fresh.get(1).getStatus().getRuntimeCached()).isTrue();
        List<Future> again = done(submit(map("fn.Counter", List.of(1)).useCachedRuntime(false)));
        assertThat(again.getFirst().getResult()).isEqualTo(1);
        assertThat(again.getFirst().getStatus().getWorkerId()).isNotEqualTo(fresh.getFirst().getStatus().getWorkerId());
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 500})
    void data_all_as_one_both_ways_gives_equal_results(int length) throws Exception {
        List<String> data = IntStream.range(0, 400).mapToObj(i -> "text " + i + "x".repeat(length)).toList();
        String one = submit(map("fn.Mixed", data).dataAllAsOne(true));
        String each = submit(map("fn.Mixed", data).dataAllAsOne(false));
        http.done(one);
        http.done(each);
        assertThat(http.get("/calls/" + each + "/results").text())
                .isEqualTo(http.get("/calls/" + one + "/results").text());
    }

    @Test
    void exclude_modules_takes_classes_away() throws Exception {
        Future with = done(submit(map("fn.UsesOther", List.of(1)))).getFirst();
        assertThat(with.getState().getValue()).isEqualTo("success");
        Future without = done(submit(map("fn.UsesOther", List.of(1)).excludeModules(List.of("fn.other"))))
                .getFirst();
        assertThat(without.getError().getCode().getValue()).isEqualTo("FUNCTION");
        assertThat(without.getError().getStackTrace()).contains("fn.other.Part");
    }

    @Test
    void config_overrides_what_the_configuration_marks_and_nothing_else() throws Exception {
        Callset small = gateway.calls().map(map("fn.Mixed", List.of("max-memory")).config(Map.of("memory", "100MB")),
                null, null);
        long bytes = ((Number) gateway.calls().getResult(small.getCallsetId(), "00000", 30.0, null,
                null)).longValue();
        assertThat(bytes).isBetween(80L << 20, 101L << 20);
        for (String config : List.of("{\"workers\":9}", "{\"memory\":\"1TB\"}", "{\"memory\":1}", "{\"memory\":[]}",
                "{\"memory\":\"1KB\"}")) {
            Http.Answer answer = http.post("/calls", "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                    + "\"iterdata\":[1],\"config\":" + config + "}");
            assertThat(answer.status()).as(config).isEqualTo(400);
            assertThat(answer.json().path("errors").get(0).path("pointer").asString()).startsWith("/config/");
        }
    }
}
