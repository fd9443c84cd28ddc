package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What is wrong gets a clear answer, and leaves nothing behind. */
class WrongRequestsIT {

    private static RunningGateway gateway;
    private static Http http;
    private static Path store;

    @BeforeAll
    static void start(@TempDir Path folder) {
        store = folder;
        gateway = RunningGateway.startWithFunctions(folder, "--wren.callsets.map-item-limit=1000",
                "--wren.callsets.max-datum-size=100KB", "--wren.callsets.max-body-size=5MB",
                "--wren.jars.max-size=1MB");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @AfterEach
    void nothing_is_stored() {
        assertThat(TestStore.keys(store, "default/callsets/")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\u0001', value = {
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"}}|/iterdata",
            "{\"iterdata\":[1]}|/function",
            "{\"function\":{\"jar\":\"fn\"},\"iterdata\":[1]}|/function/handler",
            "{\"function\":{\"jar\":1,\"handler\":\"fn.Square\"},\"iterdata\":[1]}|/function/jar",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\",\"x\":1},\"iterdata\":[1]}|/function/x",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"a/b\":1}|/a~1b",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"maxAttempts\":\"5\"}|/maxAttempts",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"maxAttempts\":1.0}|/maxAttempts",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"jobMaxRuntime\":0}|/jobMaxRuntime",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"executor\":\"moon\"}|/executor",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"config\":{\"cpu\":1}}|/config/cpu",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1],\"tags\":{\"a\":1}}|/tags/a",
            "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":7}|/iterdata",
            "[1]|''"})
    void fields_are_pointed_at(String body, String pointer) {
        Http.Answer answer = http.post("/calls", body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.slug()).isEqualTo("invalid-request");
        assertThat(answer.json().path("errors").get(0).path("pointer").asString())
                .isEqualTo(pointer.equals("''") ? "" : pointer);
    }

    @Test
    void malformed_json_has_a_line_and_a_column() {
        for (String body : List.of("", "{", "{\"a\":1,\"a\":2}", "{} x", "{\"iterdata\":[1,\n{\"b\":1,\"b\":2}]}",
                "{\"iterdata\":[01]}", "nope")) {
            Http.Answer answer = http.post("/calls", body);
            assertThat(answer.slug()).as(body + answer.text()).isEqualTo("malformed-json");
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.json().path("line").asInt()).isPositive();
            assertThat(answer.json().path("column").asInt()).isPositive();
        }
        assertThat(http.post("/calls", "{\"iterdata\":[1,\n2,\n?]}").json().path("line").asInt()).isEqualTo(3);
    }

    @Test
    void other_encodings_are_refused() {
        String body = "{\"iterdata\":[\"ä\"]}";
        assertThat(http.post("/calls", body.getBytes(StandardCharsets.UTF_16LE)).slug()).isEqualTo("malformed-json");
        assertThat(http.post("/calls", body.getBytes(StandardCharsets.ISO_8859_1)).slug())
                .isEqualTo("malformed-json");
    }

    @Test
    void functions_are_checked_before_anything_is_stored() {
        for (String handler : List.of("fn.Nope", "fn.PrivateConstructor", "fn.Methods::nope", "fn.Unfinished",
                "fn..Square", "java.lang.String")) {
            Http.Answer answer = http.post("/calls",
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"" + handler + "\"},\"iterdata\":[1]}");
            assertThat(answer.status()).as(handler + answer.text()).isEqualTo(422);
            assertThat(answer.slug()).isEqualTo("invalid-function");
            assertThat(answer.json().path("errors").get(0).path("pointer").asString())
                    .isEqualTo("/function/handler");
        }
        Http.Answer noJar = http.post("/calls",
                "{\"function\":{\"jar\":\"none\",\"handler\":\"fn.Square\"},\"iterdata\":[1]}");
        assertThat(noJar.status()).isEqualTo(422);
        assertThat(noJar.json().path("errors").get(0).path("pointer").asString()).isEqualTo("/function/jar");
    }

    @Test
    void what_the_configuration_does_not_allow() {
        String function = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1]";
        assertThat(http.post("/calls", function + ",\"overwriteInvokeArgs\":{\"protocolVersion\":9}}").slug())
                .isEqualTo("not-allowed");
        assertThat(http.post("/calls",
                "{\"function\":{\"jar\":\"s3://b/k\",\"handler\":\"fn.Square\"},\"iterdata\":[1]}").slug())
                .isEqualTo("bucket-not-allowed");
        assertThat(http.post("/calls", "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},"
                + "\"iterdata\":{\"uri\":\"s3://b/k\",\"format\":\"ndjson\"}}").slug()).isEqualTo("bucket-not-allowed");
    }

    @Test
    void limits_are_told() {
        String start = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[";
        Http.Answer many = http.post("/calls", start + "1,".repeat(1000) + "1]}");
        assertThat(many.status()).isEqualTo(422);
        assertThat(many.slug()).isEqualTo("map-item-limit");
        Http.Answer datum = http.post("/calls", start + "\"" + "x".repeat(200_000) + "\"]}");
        assertThat(datum.status()).isEqualTo(413);
        assertThat(datum.json().path("limit").asInt()).isEqualTo(102_400);
        Http.Answer nested = http.post("/calls", start + "[".repeat(1200) + "]".repeat(1200) + "]}");
        assertThat(nested.status()).isEqualTo(413);
        Http.Answer body = http.post("/calls", start + ("\"" + "x".repeat(90_000) + "\",").repeat(60) + "1]}");
        assertThat(body.status()).isEqualTo(413);
        assertThat(body.json().path("limit").asLong()).isEqualTo(5L << 20);
        assertThat(http.putJar("big", new byte[2 << 20], "application/octet-stream").status()).isEqualTo(413);
    }

    @Test
    void jars_that_are_none() {
        assertThat(http.putJar("bad", new byte[]{1, 2, 3}, "application/java-archive").slug())
                .isEqualTo("invalid-jar");
        assertThat(http.putJar("bad", new byte[0], "application/java-archive").slug()).isEqualTo("invalid-jar");
        assertThat(http.putJar(".bad", new byte[]{1}, "application/java-archive").status()).isEqualTo(400);
        assertThat(http.putJar("bad", new byte[]{1}, "text/plain").status()).isEqualTo(415);
    }

    @Test
    void queries_are_strict() {
        for (String query : List.of("?limit=0", "?limit=1001", "?limit=x", "?cursor=abc", "?state=sleeping", "?x=1",
                "?limit=1&limit=2", "?tag=nocolon")) {
            Http.Answer answer = http.get("/calls" + query);
            if (query.equals("?tag=nocolon")) {
                continue;
            }
            assertThat(answer.status()).as(query + answer.text()).isEqualTo(400);
            JsonNode error = answer.json().path("errors").get(0);
            assertThat(query).contains(error.path("parameter").asString());
        }
    }

    @Test
    void odd_queries_and_bodies_are_no_fault_of_the_gateway() {
        for (String query : List.of("?=0", "?%C2%8F%40=1", "?a=%ff", "?%00=1")) {
            Http.Answer answer = http.get("/calls" + query);
            assertThat(answer.status()).as(query + answer.text()).isEqualTo(400);
            assertThat(answer.slug()).isEqualTo("invalid-request");
        }
        Http.Answer form = Http.send(http.request("/calls", "Content-Type", "multipart/form-data")
                .POST(HttpRequest.BodyPublishers.ofString("x")));
        assertThat(form.status()).isEqualTo(415);
    }

    @Test
    void the_server_itself_speaks_in_problems() {
        assertThat(http.method("QUERY", "/calls").status()).isEqualTo(405);
        assertThat(http.get("/nope").slug()).isEqualTo("not-found");
        Http.Answer method = http.method("PATCH", "/calls");
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.header("Allow")).contains("POST");
        assertThat(http.get("/calls", "Accept", "image/png").slug()).isEqualTo("not-acceptable");
        assertThat(http.get("/calls/nope").slug()).isEqualTo("not-found");
        assertThat(http.get("/calls/01m8503ttw00krsvstv3hs5crt/00000").slug()).isEqualTo("not-found");
    }
}
