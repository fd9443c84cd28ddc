package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed specification is what the gateway serves; {@code -Dopenapi.update=true} rewrites it. */
class SpecificationIT {

    private static final Path COMMITTED = Path.of("openapi.yaml");

    @Test
    void is_what_the_gateway_serves(@TempDir Path store) throws IOException {
        try (RunningGateway gateway = RunningGateway.start(store)) {
            String served = gateway.http().get("/v3/api-docs.yaml").text();
            if (Boolean.getBoolean("openapi.update")) {
                Files.writeString(COMMITTED, served);
            }
            assertThat(served).isEqualTo(Files.readString(COMMITTED));
            assertThat(gateway.http().get("/swagger-ui/index.html").status()).isEqualTo(200);
        }
    }

    @Test
    void health_and_metrics_are_on_the_management_port_alone(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.start(store, RunningGateway.MANAGED)) {
            assertThat(gateway.http().get("/actuator/health").status()).isEqualTo(404);
            Http management = new Http(gateway.managementUrl());
            assertThat(management.get("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(management.get("/actuator/health/readiness").status()).isEqualTo(200);
            assertThat(management.get("/actuator/prometheus").text()).contains("wren_worker_jvms", "wren_polls_parked",
                    "wren_callsets_running", "wren_commit_batch");
        }
    }
}
