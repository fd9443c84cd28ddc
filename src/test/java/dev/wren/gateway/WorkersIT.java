package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long worker JVMs live, as the metrics tell it. */
class WorkersIT {

    private static double idle(RunningGateway gateway) {
        return workers(gateway, "idle");
    }

    private static double workers(RunningGateway gateway, String state) {
        return new Http(gateway.managementUrl()).get("/actuator/prometheus").text().lines()
                .filter(line -> line.startsWith("wren_worker_jvms{") && line.contains("\"" + state + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst().orElseThrow();
    }

    private static String map(String more) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1,2,3,4]" + more + "}";
    }

    @Test
    void idle_ones_are_ended(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, RunningGateway.MANAGED,
                "--wren.executors.local.idle-timeout=2s")) {
            gateway.http().done(gateway.http().map(map("")));
            assertThat(idle(gateway)).isPositive();
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> idle(gateway) == 0);
            assertThat(gateway.http().done(gateway.http().map(map(""))).path("states").path("success").asInt())
                    .isEqualTo(4);
        }
    }

    @Test
    void those_for_one_callset_alone_end_with_it(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, RunningGateway.MANAGED,
                "--wren.executors.local.spare=true")) {
            String id = gateway.http().map(map(",\"useCachedRuntime\":false"));
            gateway.http().done(id);
            assertThat(gateway.http().get("/calls/" + id + "/00000").json().path("status").path("runtimeCached")
                    .asBoolean()).isFalse();
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> idle(gateway) == 0);
        }
    }

    @Test
    void a_spare_one_is_kept_ready_before_any_call_and_after_some(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, RunningGateway.MANAGED,
                "--wren.executors.local.spare=true")) {
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> workers(gateway, "spare") == 1);
            assertThat(idle(gateway)).isZero();
            gateway.http().done(gateway.http().map(map("")));
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> workers(gateway, "spare") == 1);
            assertThat(idle(gateway)).isPositive();
        }
    }
}
