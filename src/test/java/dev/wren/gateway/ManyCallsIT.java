package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shape that makes many calls cheap: batches on the wire, and group commit. */
class ManyCallsIT {

    private static final int CALLS = 100_000;

    @Test
    void a_hundred_thousand_calls_as_one_answer(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            String data = IntStream.range(0, CALLS).mapToObj(i -> Integer.toString(i % 1000))
                    .collect(Collectors.joining(","));
            long begun = System.nanoTime();
            String id = gateway.http().map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":["
                    + data + "]}");
            String lines = gateway.http().get("/calls/" + id + "/results", "Accept", "application/x-ndjson").text();
            Duration took = Duration.ofNanos(System.nanoTime() - begun);
            Iterator<String> each = lines.lines().iterator();
            for (int i = 0; i < CALLS; i++) {
                int n = i % 1000;
                assertThat(each.next()).isEqualTo("{\"callId\":\"" + "%05d".formatted(i)
                        + "\",\"state\":\"success\",\"result\":" + n * n + "}");
            }
            // An order of magnitude over what was measured: only a lost batch or a commit a call is as slow as this.
            assertThat(took).isLessThan(Duration.ofSeconds(20));
        }
    }
}
