package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Well-behaved and hostile functions in one map: each call ends as the contract says, and harms no other. */
class HostileIT {

    /** A datum, and how its call ends: {@code success}, or the code of its error. */
    private record Behaviour(String datum, String ends) {
    }

    private static final List<Behaviour> BEHAVIOURS = List.of(new Behaviour("throw x", "FUNCTION"),
            new Behaviour("throw-checked x", "FUNCTION"), new Behaviour("throw-cause", "FUNCTION"),
            new Behaviour("throw-hostile", "FUNCTION"), new Behaviour("stack-overflow", "FUNCTION"),
            new Behaviour("out-of-memory", "FUNCTION"), new Behaviour("exit 3", "RETCODE"),
            new Behaviour("exit 0", "RETCODE"), new Behaviour("halt 7", "RETCODE"),
            new Behaviour("crash", "RETCODE"), new Behaviour("kill", "RETCODE"), new Behaviour("busy", "OUTATIME"),
            new Behaviour("leave-thread", "success"), new Behaviour("leave-locale", "success"),
            new Behaviour("leave-streams", "success"), new Behaviour("print hello", "success"));

    @Test
    void two_hundred_mixed_calls(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store,
                "--wren.executors.local.memory=96MB")) {
            Http http = gateway.http();
            List<Behaviour> calls = new ArrayList<>();
            for (Behaviour behaviour : BEHAVIOURS) {
                calls.add(behaviour);
                calls.add(behaviour);
            }
            while (calls.size() < 200) {
                calls.add(new Behaviour("square " + calls.size(), "success"));
            }
            Collections.shuffle(calls, new Random(7));
            StringBuilder data = new StringBuilder();
            calls.forEach(call -> data.append(data.isEmpty() ? "\"" : ",\"").append(call.datum).append('"'));
            String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"jobMaxRuntime\":5,"
                    + "\"iterdata\":[" + data + "]}");
            assertThat(http.done(id).path("size").asInt()).isEqualTo(200);
            List<String> ended = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            JsonNode futures = http.get("/calls/" + id + "/futures?limit=1000").json().path("items");
            for (int i = 0; i < calls.size(); i++) {
                JsonNode future = futures.get(i);
                String state = future.path("state").asString();
                String datum = calls.get(i).datum;
                ended.add(datum + " " + (state.equals("error") ? future.path("error").path("code").asString() : state));
                expected.add(datum + " " + calls.get(i).ends);
                if (datum.startsWith("square ")) {
                    int n = Integer.parseInt(datum.substring(7));
                    assertThat(future.path("result").asInt()).isEqualTo(n * n);
                }
            }
            assertThat(ended).isEqualTo(expected);
            JsonNode exit = futures.get(indexOf(calls, "exit 3")).path("status");
            assertThat(exit.path("exitCode").asInt()).isEqualTo(3);
            assertThat(futures.get(indexOf(calls, "kill")).path("status").path("exitCode").asInt()).isEqualTo(137);
            assertThat(http.get("/calls/" + id + "/" + futures.get(indexOf(calls, "print hello")).path("callId")
                    .asString() + "/logs").text()).isEqualTo("hello\n");
        }
    }

    private static int indexOf(List<Behaviour> calls, String datum) {
        return calls.stream().map(Behaviour::datum).toList().indexOf(datum);
    }
}
