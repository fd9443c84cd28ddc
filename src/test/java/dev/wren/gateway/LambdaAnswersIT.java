package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code request-response}: the reports are the answer, and what is promised is the same. */
class LambdaAnswersIT {

    private static JsonNode future(Http http, String callset, String call) {
        return http.get("/calls/" + callset + "/" + call).json();
    }

    @Test
    void the_answers_have_the_reports_and_what_cannot_answer_reports_by_the_queue(@TempDir Path store) {
        try (TestLambda lambda = TestLambda.start();
                RunningGateway gateway = lambda.gateway(store,
                        "--wren.executors.lambda.invocation-type=request-response")) {
            Http http = gateway.http();
            lambda.functions().faults(0.1, 0, 0);
            ExecutorContract.assertSquares(http,
                    http.map(ExecutorContract.map(",\"chunkSize\":7", ExecutorContract.squares(300))), 300);
            String large = http.map(ExecutorContract.map(",\"chunkSize\":2", List.of("huge 200000", "square 2")));
            http.done(large);
            assertThat(http.get("/calls/" + large + "/00000/result").text()).hasSize(200_002);
            assertThat(http.get("/calls/" + large + "/00001/result").text()).isEqualTo("4");
            assertThat(gateway.bean(MeterRegistry.class).get("wren.reports.messages").tag("kind", "reports").counter()
                    .count()).isZero();
            String slow = http.map(ExecutorContract.map(",\"jobMaxRuntime\":0.5,\"chunkSize\":3",
                    List.of("square 5", "forever", "square 6")));
            String exits = http.map(ExecutorContract.map("", List.of("exit 3", "square 7")));
            assertThat(http.done(slow).path("states").path("success").asInt()).isEqualTo(2);
            assertThat(future(http, slow, "00001").path("error").path("code").asString()).isEqualTo("OUTATIME");
            http.done(exits);
            assertThat(future(http, exits, "00000").path("error").path("code").asString()).isEqualTo("RETCODE");
            assertThat(future(http, exits, "00000").path("status").path("exitCode").asInt()).isEqualTo(3);
            assertThat(future(http, exits, "00001").path("result").asInt()).isEqualTo(49);
        }
    }
}
