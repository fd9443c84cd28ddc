package dev.wren.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** What is asked again, of whom, and for how long; real servers answer. */
class GatewaysTest {

    private final AtomicLong now = new AtomicLong();
    private final List<Duration> slept = new ArrayList<>();
    private final Time time = new Time(now::get, nanos -> {
        slept.add(Duration.ofNanos(nanos));
        now.addAndGet(nanos);
    });
    private final List<HttpServer> servers = new ArrayList<>();
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    /** Status, {@code Retry-After}, and body of one answer, of which the last bytes may be missing. */
    private record Answer(int status, @Nullable String retryAfter, String body, int missing) {

        Answer(int status, @Nullable String retryAfter, String body) {
            this(status, retryAfter, body, 0);
        }

        static Answer of(int status) {
            return new Answer(status, null, "{\"type\":\"urn:wren:problem:x\",\"detail\":\"so\"}");
        }
    }

    private String server(String name, Answer... answers) throws IOException {
        Queue<Answer> left = new ArrayDeque<>(List.of(answers));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            seen.add(name + " " + exchange.getRequestHeaders().getFirst("Authorization"));
            Answer answer = left.size() > 1 ? left.remove() : left.element();
            if (answer.retryAfter != null) {
                exchange.getResponseHeaders().add("Retry-After", answer.retryAfter);
            }
            byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status, body.length + answer.missing);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        servers.add(server);
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        servers.forEach(server -> server.stop(0));
    }

    private Gateways gateways(String... urls) {
        return new Gateways(List.of(urls), "secret", Duration.ofSeconds(60), time);
    }

    private static String get(Gateways gateways) {
        return gateways.send("/x", request -> request, (status, body) -> status + "");
    }

    @Test
    void the_next_one_is_asked_at_once_where_one_does_not_answer() throws IOException {
        try (Gateways gateways = gateways("http://127.0.0.1:1", server("a", Answer.of(503)),
                server("b", Answer.of(200)))) {
            assertThat(get(gateways)).isEqualTo("200");
            assertThat(slept).isEmpty();
            // And stays the one that is asked.
            assertThat(get(gateways)).isEqualTo("200");
            assertThat(seen).containsExactly("a Bearer secret", "b Bearer secret", "b Bearer secret");
        }
    }

    @Test
    void it_waits_as_it_is_told_or_longer_and_longer() throws IOException {
        Answer later = new Answer(429, "7", "{}");
        try (Gateways gateways = gateways(server("a", later, Answer.of(502), Answer.of(504),
                new Answer(409, "1", "{\"type\":\"urn:wren:problem:in-progress\"}"), Answer.of(200)))) {
            assertThat(get(gateways)).isEqualTo("200");
            assertThat(slept).hasSize(4);
            assertThat(slept.getFirst()).isEqualTo(Duration.ofSeconds(7));
            assertThat(slept.get(2)).isGreaterThan(slept.get(1).dividedBy(2)).isLessThan(Duration.ofSeconds(1));
            assertThat(slept.getLast()).isEqualTo(Duration.ofSeconds(1));
        }
    }

    @Test
    void an_answer_that_breaks_off_is_asked_for_again() throws IOException {
        try (Gateways gateways = gateways(server("a", new Answer(200, null, "[1,2", 100),
                new Answer(200, null, "[1,2", 0), new Answer(200, null, "[1,2,3]", 0)))) {
            assertThat(gateways.<List<?>>send("/x", request -> request,
                    (status, body) -> JsonMapper.shared().readValue(body, List.class))).isEqualTo(List.of(1, 2, 3));
            assertThat(seen).hasSize(3);
        }
    }

    /** A gateway that ends each stream at once must not be asked without a pause. */
    @Test
    void streams_that_bring_nothing_are_not_made_again_at_once() throws IOException {
        Answer nothing = new Answer(200, null, "");
        String line = "{\"callId\":\"0000%d\",\"state\":\"success\",\"result\":%d}\n";
        try (Gateways gateways = gateways(server("a", nothing, nothing, new Answer(200, null, line.formatted(0, 5)),
                nothing, new Answer(200, null, line.formatted(0, 5) + line.formatted(1, 6))))) {
            Calls<Integer> calls = new Calls<>(gateways, "c", 2, JsonMapper.shared().constructType(Integer.class),
                    JsonMapper.shared(), ProgressBar.Factory.none());
            List<Integer> values = new ArrayList<>();
            ResultLines<Integer> lines = new ResultLines<>(gateways, calls);
            lines.forEachRemaining(each -> values.add(each.value()));
            assertThat(values).containsExactly(5, 6);
            assertThat(slept).hasSize(3);
        }
        slept.clear();
        List<String> events = new ArrayList<>();
        try (Gateways gateways = gateways(server("b", nothing, nothing,
                new Answer(200, null, "id: 1\nevent: done\ndata: {}\n\n")))) {
            new EventStream(gateways, "c", true, new EventStream.Handler() {

                @Override
                public void event(String name, String data) {
                    events.add(name);
                }

                @Override
                public void failed(RuntimeException why) {
                    throw why;
                }
            }).run();
        }
        assertThat(events).containsExactly("done");
        assertThat(slept).hasSize(2);
    }

    @Test
    void patience_ends_with_the_last_trouble() throws IOException {
        try (Gateways gateways = gateways(server("a", Answer.of(503)))) {
            assertThatThrownBy(() -> get(gateways)).isInstanceOf(WrenException.class).hasMessageContaining("503 so");
            assertThat(Duration.ofNanos(now.get())).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(66));
            assertThat(seen).hasSizeBetween(12, 40);
        }
        try (Gateways nobody = gateways("http://127.0.0.1:1")) {
            assertThatThrownBy(() -> get(nobody)).hasMessageContaining("nobody listens there");
        }
    }

    @Test
    void a_refusal_is_told_at_once_with_all_that_is_wrong() throws IOException {
        try (Gateways gateways = gateways(server("a", new Answer(400, null, """
                {"type":"urn:wren:problem:invalid-request","detail":"2 fields are not valid.",
                 "errors":[{"pointer":"/a","detail":"one"},{"parameter":"b","detail":"two"}]}""")))) {
            assertThatThrownBy(() -> get(gateways)).isInstanceOfSatisfying(WrenException.class, e -> {
                assertThat(e.status()).isEqualTo(400);
                assertThat(e.problem()).isEqualTo("invalid-request");
                assertThat(e.getMessage()).contains("2 fields are not valid.", "/a: one", "b: two")
                        .doesNotContain("secret");
            });
            assertThat(seen).hasSize(1);
            assertThat(slept).isEmpty();
        }
    }

    @Test
    void nothing_is_asked_after_the_end() throws IOException {
        Gateways gateways = gateways(server("a", Answer.of(200)));
        gateways.close();
        assertThatThrownBy(() -> get(gateways)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void addresses_are_of_the_environment_or_of_files(@TempDir Path folder) throws IOException {
        Path home = Files.createDirectory(folder.resolve("home"));
        assertThat(ClientConfig.find(Map.of(), folder, home))
                .isEqualTo(new ClientConfig(List.of("http://localhost:8080"), null));
        Files.writeString(home.resolve(".wren.properties"), "wren.url=http://home\nwren.key=k1\n");
        assertThat(ClientConfig.find(Map.of(), folder, home)).isEqualTo(new ClientConfig(List.of("http://home"), "k1"));
        Files.writeString(folder.resolve("wren.properties"), "wren.url = http://a/, http://b\n");
        assertThat(ClientConfig.find(Map.of(), folder, home))
                .isEqualTo(new ClientConfig(List.of("http://a/", "http://b"), "k1"));
        assertThat(ClientConfig.find(Map.of("WREN_URL", "http://c", "WREN_KEY", "k2"), folder, home))
                .isEqualTo(new ClientConfig(List.of("http://c"), "k2"));
        assertThatThrownBy(() -> ClientConfig.find(Map.of("WREN_URL", " , "), folder, home))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
