package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.store.s3.S3Server;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A gateway with its store on S3. */
class S3IT {

    private static S3Server s3;

    @BeforeAll
    static void startServer() {
        s3 = S3Server.start();
    }

    @AfterAll
    static void stopServer() {
        s3.close();
    }

    @Test
    void a_map_survives_a_restart() {
        String location = "s3://" + s3.newBucket() + "/store";
        String id;
        try (RunningGateway gateway = RunningGateway.startWithFunctions(Path.of("unused"), s3.settings(location))) {
            id = gateway.http().map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":"
                    + IntStream.range(0, 1000).boxed().toList() + "}");
            gateway.http().done(id);
        }
        try (RunningGateway gateway = RunningGateway.start(Path.of("unused"), s3.settings(location))) {
            assertThat(gateway.http().get("/calls/" + id + "/results").json().valueStream().map(JsonNode::asInt))
                    .containsExactlyElementsOf(IntStream.range(0, 1000).mapToObj(i -> i * i).toList());
        }
    }
}
