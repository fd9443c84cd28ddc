package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What HTTP offers to spare the wire, and to keep pages of other sites out. */
class ConditionalIT {

    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.startWithFunctions(folder, "--wren.web.allowed-origins=https://app.example");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String map(String data) {
        return http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":" + data + "}");
    }

    @Test
    void what_never_changes_has_a_tag_and_is_304() {
        String id = map("[\"square 2\"]");
        http.done(id);
        for (String path : List.of("/jars/fn", "/calls/" + id, "/calls/" + id + "/00000")) {
            String tag = http.get(path).header("ETag");
            assertThat(tag).as(path).startsWith("W/\"");
            Http.Answer same = http.get(path, "If-None-Match", tag);
            assertThat(same.status()).isEqualTo(304);
            assertThat(same.text()).isEmpty();
            assertThat(http.get(path, "If-None-Match", "\"other\"").status()).isEqualTo(200);
            assertThat(http.get(path).header("Cache-Control")).contains("no-cache").doesNotContain("no-store");
        }
        http.delete("/calls/" + id);
        assertThat(http.get("/calls/" + id, "If-None-Match", "*").status()).isEqualTo(404);
    }

    @Test
    void what_may_change_has_none() {
        String id = map("[\"forever\"]");
        assertThat(http.get("/calls/" + id).header("ETag")).isEmpty();
        assertThat(http.get("/calls/" + id + "/00000").header("ETag")).isEmpty();
        http.post("/calls/" + id + "/cancel", "");
        assertThat(http.get("/calls/" + id).header("ETag")).isNotEmpty();
        http.putJar("changing", RunningGateway.FUNCTIONS);
        String tag = http.get("/jars/changing").header("ETag");
        http.putJar("changing", RunningGateway.EXAMPLES);
        assertThat(http.get("/jars/changing", "If-None-Match", tag).status()).isEqualTo(200);
    }

    @Test
    void head_is_where_get_is() {
        String id = map("[\"square 2\"]");
        http.done(id);
        for (String path : List.of("/jars", "/jars/fn", "/calls", "/calls/" + id, "/calls/" + id + "/futures",
                "/calls/" + id + "/00000", "/calls/" + id + "/00000/result", "/calls/" + id + "/results",
                "/calls/" + id + "/00000/logs", "/calls/" + id + "/events", "/executors")) {
            Http.Answer get = http.get(path);
            Http.Answer head = http.method("HEAD", path);
            assertThat(head.status()).as(path).isEqualTo(get.status());
            assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
            assertThat(head.header("ETag")).isEqualTo(get.header("ETag"));
            assertThat(head.text()).isEmpty();
        }
        assertThat(http.method("HEAD", "/calls/nope").status()).isEqualTo(404);
        String endless = map("[\"forever\"]");
        assertThat(http.method("HEAD", "/calls/" + endless + "/events").status()).isEqualTo(200);
        assertThat(http.method("HEAD", "/calls/" + endless + "/results", "Accept", "application/x-ndjson").status())
                .isEqualTo(200);
        http.delete("/calls/" + endless);
    }

    @Test
    void large_answers_are_compressed_and_small_ones_are_not() {
        String id = map("[\"huge 300000\"]");
        http.done(id);
        assertThat(http.get("/calls/" + id + "/00000/result", "Accept-Encoding", "gzip").header("Content-Encoding"))
                .isEqualTo("gzip");
        assertThat(http.get("/calls/" + id + "/00000/result").header("Content-Encoding")).isEmpty();
        assertThat(http.get("/executors", "Accept-Encoding", "gzip").header("Content-Encoding")).isEmpty();
    }

    @Test
    void pages_of_configured_origins_may_call_and_no_others(@TempDir Path folder) {
        String[] preflight = {"Origin", "https://app.example", "Access-Control-Request-Method", "POST",
                "Access-Control-Request-Headers", "authorization,idempotency-key"};
        Http.Answer allowed = http.method("OPTIONS", "/calls", preflight);
        assertThat(allowed.status()).isEqualTo(200);
        assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://app.example");
        assertThat(allowed.header("Access-Control-Allow-Headers")).contains("idempotency-key");
        Http.Answer get = http.get("/calls", "Origin", "https://app.example");
        assertThat(get.status()).isEqualTo(200);
        assertThat(get.header("Access-Control-Expose-Headers")).contains("Link");
        assertThat(http.get("/calls", "Origin", "https://evil.example").status()).isEqualTo(403);
        try (RunningGateway closed = RunningGateway.start(folder)) {
            Http.Answer refused = closed.http().method("OPTIONS", "/calls", preflight);
            assertThat(refused.header("Access-Control-Allow-Origin")).isEmpty();
            assertThat(closed.http().get("/calls", "Origin", "https://app.example")
                    .header("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @Test
    void a_body_where_none_belongs_is_refused() {
        String id = map("[\"square 2\"]");
        http.done(id);
        assertThat(http.post("/calls/" + id + "/cancel", "{\"force\":true}").status()).isEqualTo(400);
        assertThat(http.post("/calls/" + id + "/cancel", "{}").status()).isEqualTo(202);
        assertThat(Http.send(http.request("/calls/" + id).method("DELETE",
                HttpRequest.BodyPublishers.ofString("x"))).status()).isEqualTo(400);
    }
}
