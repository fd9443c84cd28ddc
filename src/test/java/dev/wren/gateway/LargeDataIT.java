package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data of tens of megabytes, and a gateway with little memory. */
class LargeDataIT {

    private static final int LARGE = 20 << 20;

    @TempDir
    private Path folder;

    /** Text that is made while it is sent. */
    private static InputStream text(String before, int count, String between, String after) {
        byte[] block = new byte[1 << 16];
        Arrays.fill(block, (byte) 'x');
        List<InputStream> parts = new ArrayList<>(List.of(stream(before)));
        for (int i = 0; i < count; i++) {
            parts.add(stream(i == 0 ? "" : between));
            for (int sent = 0; sent < LARGE; sent += block.length) {
                parts.add(new ByteArrayInputStream(block));
            }
        }
        parts.add(stream(after));
        return new SequenceInputStream(Collections.enumeration(parts));
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    /** As PyWren's tests have them. */
    @Test
    void a_gateway_with_256_megabytes_takes_ten_large_data_each_way() throws IOException {
        Path log = Files.createFile(folder.resolve("log"));
        try (GatewayProcess gateway = GatewayProcess.start(folder.resolve("store"), log, "-Xmx256m",
                "-XX:+ExitOnOutOfMemoryError")) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            String lengths = "[" + String.join(",", Collections.nCopies(10, Integer.toString(LARGE))) + "]";
            Http.Answer array = http.body("/calls", BodyPublishers.ofInputStream(() -> text(
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Length::of\"},\"iterdata\":[\"", 10, "\",\"",
                    "\"]}")),
                    "application/json");
            assertResults(http, array, lengths);
            Http.Answer lines = http.body("/calls?jar=fn&handler=fn.Length::in&dataAllAsOne=false",
                    BodyPublishers.ofInputStream(() -> text("{\"a\":\"", 10, "\"}\n{\"a\":\"", "\"}\n")),
                    "application/x-ndjson");
            assertResults(http, lines, lengths);
            assertThat(Files.readString(log)).doesNotContain("OutOfMemory").doesNotContain(" ERROR ");
        }
    }

    private static void assertResults(Http http, Http.Answer accepted, String expected) {
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        String id = accepted.json().path("callsetId").asString();
        http.done(id);
        assertThat(http.get("/calls/" + id + "/results").text()).isEqualTo(expected);
    }
}
