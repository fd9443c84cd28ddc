package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A map on a Lambda where everything goes wrong now and then, with a gateway that is killed in the middle. */
class LambdaFaultsIT {

    private static final int CALLS = 5_000;
    private static final int CHUNK = 5;
    private static final int IN_FLIGHT = 200;

    @Test
    void every_call_has_one_outcome_and_nothing_under_way_is_run_again(@TempDir Path store) throws Exception {
        try (TestLambda lambda = TestLambda.start()) {
            lambda.functions().environments(4);
            lambda.functions().timeout(6);
            lambda.functions().payloads();
            Path log = Files.createFile(store.resolve("log"));
            String[] settings = lambda.arguments(store, "--wren.executors.lambda.start-timeout=12s",
                    "--wren.executors.lambda.grace=1s", "--wren.executors.lambda.max-in-flight=" + IN_FLIGHT);
            String id;
            int sentBefore;
            try (GatewayProcess gateway = GatewayProcess.start(store, log, settings)) {
                gateway.http().putJar("fn", RunningGateway.FUNCTIONS);
                lambda.functions().faults(0.1, 0.02, 0.01);
                lambda.functions().reportFaults(0.01, 0.1);
                id = gateway.http()
                        .map(ExecutorContract.map(",\"jobMaxRuntime\":2,\"maxAttempts\":5,\"chunkSize\":" + CHUNK,
                                ExecutorContract.squares(CALLS)));
                gateway.http().until("/calls/" + id,
                        callset -> callset.path("states").path("success").asInt() >= CALLS / 3);
                gateway.kill();
                sentBefore = lambda.functions().payloads().size();
            }
            try (GatewayProcess gateway = GatewayProcess.start(store, log, settings)) {
                Http http = gateway.http();
                http.done(id);
                List<JsonNode> futures = new ArrayList<>();
                for (String next = "/calls/" + id + "/futures?limit=1000"; next != null;) {
                    JsonNode page = http.get(next).json();
                    page.path("items").forEach(futures::add);
                    next = page.path("next").asString(null);
                }
                assertThat(futures).hasSize(CALLS);
                assertThat(futures).allSatisfy(future -> assertThat(future.path("state").asString())
                        .as(() -> future.toString()).isEqualTo("success"));
                assertThat(futures.stream().map(future -> future.path("result").asInt())).containsExactlyElementsOf(
                        IntStream.range(0, CALLS).mapToObj(i -> i * i).toList());
                assertThat(Files.readString(log)).doesNotContain(" ERROR ");
                again(lambda, id, sentBefore);
            }
        }
    }

    /** What was sent twice as the same attempt: what was lost, what was alone to blame, or what was not noted yet. */
    private static void again(TestLambda lambda, String id, int sentBefore) {
        List<JsonNode> sent = lambda.functions().payloads().stream().map(JsonMapper.shared()::readTree)
                .filter(payload -> payload.path("callset").asString("").equals(id)).toList();
        Map<String, List<Integer>> sendings = new HashMap<>();
        for (int i = 0; i < sent.size(); i++) {
            for (JsonNode call : sent.get(i).path("calls")) {
                sendings.computeIfAbsent(call.path("call").asInt() + "/" + call.path("attempt").asInt(),
                        _ -> new ArrayList<>()).add(i);
            }
        }
        long across = sendings.values().stream()
                .filter(each -> each.getFirst() < sentBefore && each.getLast() >= sentBefore).count();
        long lost = (long) CHUNK * lambda.functions().lostReports();
        System.out.println("MEASURE lambda faults: " + sent.size() + " invocations, "
                + sendings.values().stream().filter(each -> each.size() > 1).count() + " sent again, " + across
                + " of them after the kill; " + lost + " reports lost");
        // In flight at the kill were up to 200; of these, what is sent again was lost, or died, or was not noted.
        assertThat(across).isLessThan(IN_FLIGHT / 2);
    }
}
