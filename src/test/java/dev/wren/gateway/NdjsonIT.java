package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Maps submitted as lines. */
class NdjsonIT {

    private static final String SQUARE = "/calls?jar=fn&handler=fn.Square";

    private static RunningGateway gateway;
    private static Http http;
    private static Path store;

    @BeforeAll
    static void start(@TempDir Path folder) {
        store = folder;
        gateway = RunningGateway.startWithFunctions(folder, RunningGateway.MANAGED,
                "--wren.callsets.max-datum-size=10KB");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    /** Objects of callsets, when nothing writes any: maps of other tests have ended. */
    private static long storedObjects() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> gateway.http().get("/calls?state=running").json().path("items").isEmpty());
        return TestStore.keys(store, "default/callsets/").size();
    }

    @Test
    void each_line_is_a_datum_and_blank_ones_are_none() {
        Http.Answer answer = http.lines(SQUARE, BodyPublishers.ofString("1\n\n  2\t\r\n \r\n3"));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.header("Location")).isEqualTo("/calls/" + answer.json().path("callsetId").asString());
        assertThat(http.get(answer.header("Location") + "/results").text()).isEqualTo("[1,4,9]");
        Http.Answer empty = http.lines(SQUARE, BodyPublishers.noBody());
        assertThat(empty.json().path("size").asInt()).isZero();
        assertThat(empty.json().path("done").asBoolean()).isTrue();
    }

    @Test
    void all_fields_are_query_parameters() {
        Http.Answer answer = http.lines("/calls?jar=fn&handler=fn.Told&tags.color=red&tags.a.b=c&extraMeta.n=1.50"
                + "&extraMeta.text=hello&extraMeta.list=%5B1%5D&maxAttempts=2&jobMaxRuntime=5.5&chunkSize=1"
                + "&toleratedFailures=5%25&useCachedRuntime=true&excludeModules=a.b&excludeModules=c&extraEnv.X=5"
                + "&config.memory=256MB&executor=local&dataAllAsOne=false&maxConcurrency=1&invokePoolThreads=3",
                BodyPublishers.ofString("\"x\""));
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        assertThat(answer.json().path("tags").path("a.b").asString()).isEqualTo("c");
        assertThat(answer.text())
                .contains("\"extraMeta\":{\"n\":1.50,\"text\":\"hello\",\"list\":[1]}");
    }

    @Test
    void what_is_wrong_is_named_as_a_parameter() throws IOException {
        long before = storedObjects();
        for (List<String> each : List.of(List.of("handler=fn.Square", "jar"), List.of("jar=fn", "handler"),
                List.of("jar=fn&handler=fn.Square&nope=1", "nope"), List.of("jar=fn&jar=fn&handler=fn.Square", "jar"),
                List.of("jar=fn&handler=fn.Square&tags=a", "tags"),
                List.of("jar=fn&handler=fn.Square&tags.=x", "tags."),
                List.of("jar=fn&handler=fn.Square&maxAttempts=many", "maxAttempts"),
                List.of("jar=fn&handler=fn.Square&dataAllAsOne=yes", "dataAllAsOne"),
                List.of("jar=fn&handler=fn.Square&extraEnv.1=x", "extraEnv.1"),
                List.of("jar=fn&handler=fn.Square&config.cpu=1", "config.cpu"),
                List.of("jar=fn&handler=fn.Square&executor=moon", "executor"),
                List.of("jar=fn&handler=fn.Square&iterdata=1", "iterdata"))) {
            Http.Answer answer = http.lines("/calls?" + each.get(0), BodyPublishers.ofString("1\n"));
            assertThat(answer.status()).as(each + answer.text()).isEqualTo(400);
            assertThat(answer.json().path("errors").get(0).path("parameter").asString()).isEqualTo(each.get(1));
        }
        Http.Answer function = http.lines("/calls?jar=fn&handler=fn.Nope", BodyPublishers.ofString("1\n"));
        assertThat(function.status()).isEqualTo(422);
        assertThat(function.json().path("errors").get(0).path("parameter").asString()).isEqualTo("handler");
        assertThat(storedObjects()).isEqualTo(before);
    }

    @Test
    void a_bad_line_is_told_by_its_number_and_nothing_is_left() throws IOException {
        long before = storedObjects();
        String many = "1\n".repeat(200_000);
        for (String bad : List.of("{\"a\":1", "1 2", "{\"a\":1,\"a\":2}", "nope", "[1]]", "\"\u0001\"")) {
            Http.Answer answer = http.lines(SQUARE, BodyPublishers.ofString(many + "\n" + bad + "\n3\n"));
            assertThat(answer.status()).as(bad + answer.text()).isEqualTo(400);
            assertThat(answer.slug()).isEqualTo("malformed-json");
            assertThat(answer.json().path("line").asInt()).isEqualTo(200_002);
            assertThat(answer.json().path("column").asInt()).isPositive();
        }
        byte[] latin = "1\n2\n\"\u00e4\"\n".getBytes(StandardCharsets.ISO_8859_1);
        Http.Answer encoding = http.lines(SQUARE, BodyPublishers.ofByteArray(latin));
        assertThat(encoding.slug()).isEqualTo("malformed-json");
        assertThat(encoding.json().path("line").asInt()).isEqualTo(3);
        Http.Answer large = http.lines(SQUARE, BodyPublishers.ofString("1\n\"" + "x".repeat(20_000) + "\"\n"));
        assertThat(large.status()).isEqualTo(413);
        assertThat(large.json().path("line").asInt()).isEqualTo(2);
        assertThat(storedObjects()).isEqualTo(before);
    }

    @Test
    void a_client_that_breaks_off_leaves_nothing_behind() throws IOException {
        long before = storedObjects();
        try (RawRequest request = new RawRequest(gateway.url(), SQUARE, "Content-Type", "application/x-ndjson")) {
            request.send("12345\n".repeat(200_000));
            await().atMost(Duration.ofSeconds(10)).until(() -> receiving(1));
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> receiving(0));
        await().untilAsserted(() -> assertThat(TestStore.unfinished(store)).isEmpty());
        assertThat(storedObjects()).isEqualTo(before);
    }

    private static boolean receiving(int count) {
        return new Http(gateway.managementUrl()).get("/actuator/prometheus").text()
                .contains("wren_callsets_receiving " + count + ".0");
    }

    /** The body is several times the heap. */
    @Test
    void a_million_lines_do_not_have_to_fit_in_memory(@TempDir Path folder) throws IOException {
        Path log = Files.createFile(folder.resolve("log"));
        try (GatewayProcess small = GatewayProcess.start(folder.resolve("store"), log, "-Xmx96m")) {
            small.http().putJar("fn", RunningGateway.FUNCTIONS);
            byte[] text = ("\"" + "x".repeat(250) + "\"\n").repeat(1000).getBytes(StandardCharsets.US_ASCII);
            Http.Answer answer = small.http().lines("/calls?jar=fn&handler=fn.Echo&maxConcurrency=1",
                    BodyPublishers.ofByteArrays(() -> Stream.generate(() -> text).limit(1000).iterator()));
            assertThat(answer.status()).as(answer.text()).isEqualTo(202);
            assertThat(answer.json().path("size").asInt()).isEqualTo(1_000_000);
            assertThat(answer.json().path("futures").size()).isEqualTo(1000);
            assertThat(small.http().delete(answer.header("Location")).status()).isEqualTo(204);
        }
    }
}
