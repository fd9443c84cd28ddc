package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What happens in a callset, as server-sent events. */
class EventsIT {

    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.startWithFunctions(folder, "--wren.web.heartbeat=300ms");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    /** One event, as a browser would have it. */
    record Event(String id, String name, JsonNode data) {
    }

    private static List<Event> events(Stream<String> lines) {
        List<Event> events = new ArrayList<>();
        String id = "";
        String name = "";
        for (Iterator<String> each = lines.iterator(); each.hasNext();) {
            String line = each.next();
            if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                events.add(new Event(id, name, Http.JSON.readTree(line.substring(6))));
            }
        }
        return events;
    }

    private static String map(String handler, String data, String more) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"" + handler + "\"},\"iterdata\":" + data + more + "}";
    }

    private static List<String> calls(List<Event> events) {
        return events.stream().filter(event -> event.name.equals("call"))
                .map(event -> event.data.path("callId").asString()).toList();
    }

    @Test
    void every_call_is_told_of_once_and_then_the_end() {
        String id = http.map(map("fn.Mixed", "[\"square 3\",\"throw no\",\"forever\",\"sleep 100\"]",
                ",\"extraMeta\":{\n\"a\":\n1}"));
        String stream = "/calls/" + id + "/events";
        Stream<String> live = http.stream(stream, "Accept", "text/event-stream");
        http.get("/calls/" + id + "/00003?wait=20");
        http.post("/calls/" + id + "/00002/cancel", "");
        List<Event> events = events(live);
        assertThat(calls(events)).containsExactlyInAnyOrder("00000", "00001", "00002", "00003");
        assertThat(events).extracting(Event::name).contains("progress").endsWith("progress", "done");
        assertThat(events.getLast().data().path("done").asBoolean()).isTrue();
        JsonNode progress = events.get(events.size() - 2).data();
        assertThat(progress.path("success").asInt()).isEqualTo(2);
        assertThat(progress.path("error").asInt()).isEqualTo(1);
        assertThat(progress.path("cancelled").asInt()).isEqualTo(1);
        for (Event event : events) {
            if (event.name.equals("call")) {
                assertThat(event.data).isEqualTo(http.get("/calls/" + id + "/" + event.data.path("callId").asString())
                        .json());
            }
        }
        // Behind each event comes just what came behind it, and nothing behind the end.
        for (int i = 0; i < events.size() - 1; i++) {
            List<Event> rest = events(http.stream(stream, "Last-Event-ID", events.get(i).id));
            assertThat(calls(rest)).isEqualTo(calls(events.subList(i + 1, events.size())));
            assertThat(rest.getLast()).isEqualTo(events.getLast());
        }
        assertThat(http.get(stream, "Last-Event-ID", events.getLast().id).status()).isEqualTo(204);
        for (String bad : List.of("x", "7", "-1-0", "99-0", "0-99", "0-done", "1-1-1")) {
            Http.Answer answer = http.get(stream, "Last-Event-ID", bad);
            assertThat(answer.status()).as(bad).isEqualTo(400);
            assertThat(answer.json().path("errors").get(0).path("parameter").asString()).isEqualTo("Last-Event-ID");
        }
        assertThat(http.get(stream, "Accept", "application/json").status()).isEqualTo(406);
    }

    @Test
    void calls_are_left_out_where_only_progress_is_asked_for() {
        String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1,2,3]}");
        http.done(id);
        List<Event> events = events(http.stream("/calls/" + id + "/events?calls=false"));
        assertThat(events).extracting(Event::name).containsExactly("progress", "done");
        // Whoever comes back goes on after what was seen.
        assertThat(events(http.stream("/calls/" + id + "/events?calls=false", "Last-Event-ID", events.getFirst().id)))
                .extracting(Event::name).contains("done").doesNotContain("call");
        assertThat(http.get("/calls/" + id + "/events?calls=perhaps").status()).isEqualTo(400);
    }

    @Test
    void an_empty_callset_is_over_at_once() {
        String id = http.map(map("fn.Square", "[]", ""));
        assertThat(events(http.stream("/calls/" + id + "/events"))).extracting(Event::name)
                .containsExactly("progress", "done");
    }

    @Test
    void a_quiet_stream_shows_that_it_is_there_and_ends_when_the_callset_goes() {
        String id = http.map(map("fn.Mixed", "[\"forever\"]", ""));
        Iterator<String> lines = http.stream("/calls/" + id + "/events").iterator();
        int beats = 0;
        while (beats < 2) {
            if (lines.next().equals(": heartbeat")) {
                beats++;
            }
        }
        http.delete("/calls/" + id);
        while (lines.hasNext()) {
            assertThat(lines.next()).doesNotContain("done");
        }
    }

    @Test
    void a_slow_reader_holds_up_nothing() throws IOException {
        String data = IntStream.range(0, 30_000).mapToObj(Integer::toString).collect(Collectors.joining(",", "[", "]"));
        String slow = http.map(map("fn.Square", data, ",\"extraMeta\":{\"x\":\"" + "y".repeat(500) + "\"}"));
        URI uri = URI.create(gateway.url());
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(1024);
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
            OutputStream out = socket.getOutputStream();
            out.write(("GET /calls/" + slow + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            in.readNBytes(1000);
            // It reads no further, and about 30 MB wait for it.
            assertThat(http.done(slow).path("states").path("success").asInt()).isEqualTo(30_000);
            String quick = http.map(map("fn.Square", "[1,2,3]", ""));
            assertThat(calls(events(http.stream("/calls/" + quick + "/events")))).hasSize(3);
            assertThat(calls(events(http.stream("/calls/" + slow + "/events")))).hasSize(30_000)
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void a_restart_is_bridged_by_the_last_id(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path store = folder.resolve("store");
        String id;
        List<String> seen = new ArrayList<>();
        String last = "";
        try (GatewayProcess first = GatewayProcess.start(store, log)) {
            first.http().putJar("fn", RunningGateway.FUNCTIONS);
            String data = IntStream.range(0, 1000).mapToObj(_ -> "\"sleep 2\"").collect(Collectors.joining(",", "[",
                    "]"));
            id = first.http().map(map("fn.Mixed", data, ",\"chunkSize\":5"));
            Iterator<String> lines = first.http().stream("/calls/" + id + "/events").iterator();
            String eventId = "";
            while (seen.size() < 200) {
                String line = lines.next();
                if (line.startsWith("id: ")) {
                    eventId = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    JsonNode event = Http.JSON.readTree(line.substring(6));
                    if (event.has("callId")) {
                        seen.add(event.path("callId").asString());
                    }
                    last = eventId;
                }
            }
            first.kill();
        }
        try (GatewayProcess second = GatewayProcess.start(store, log)) {
            seen.addAll(calls(events(second.http().stream("/calls/" + id + "/events", "Last-Event-ID", last))));
        }
        assertThat(seen).hasSize(1000).doesNotHaveDuplicates();
    }
}
