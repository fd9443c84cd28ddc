package dev.wren.gateway;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A plain HTTP client of one gateway: what curl would do. */
final class Http {

    static final JsonMapper JSON = JsonMapper.shared();
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final String url;

    Http(String url) {
        this.url = url;
    }

    /** An answer, with its body as text. */
    record Answer(HttpResponse<String> response) {

        int status() {
            return response.statusCode();
        }

        String text() {
            return response.body();
        }

        JsonNode json() {
            return JSON.readTree(text());
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        String slug() {
            return json().path("type").asString().replace("urn:wren:problem:", "");
        }
    }

    Answer get(String path, String... headers) {
        return send(request(path, headers).GET());
    }

    Answer post(String path, String json, String... headers) {
        return send(request(path, headers).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    Answer post(String path, byte[] body, String... headers) {
        return send(request(path, headers).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** The same with a media type of its own. */
    Answer body(String path, String text, String type) {
        return body(path, HttpRequest.BodyPublishers.ofString(text), type);
    }

    Answer body(String path, HttpRequest.BodyPublisher body, String type) {
        return send(request(path).header("Content-Type", type).POST(body));
    }

    Answer delete(String path, String... headers) {
        return send(request(path, headers).DELETE());
    }

    /** Submits lines of data. */
    Answer lines(String path, HttpRequest.BodyPublisher body, String... headers) {
        return send(request(path, headers).header("Content-Type", "application/x-ndjson").POST(body));
    }

    /** An answer that is read as it comes. */
    Stream<String> stream(String path, String... headers) {
        try {
            HttpResponse<Stream<String>> answer = CLIENT.send(request(path, headers).GET().build(),
                    HttpResponse.BodyHandlers.ofLines());
            if (answer.statusCode() != 200) {
                throw new AssertionError(answer.statusCode() + " for " + path);
            }
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    String url() {
        return url;
    }

    /** Ids of all callsets, page by page. */
    List<String> callsets(String query) {
        List<String> ids = new ArrayList<>();
        String next = "/calls?" + query;
        while (!next.isEmpty()) {
            JsonNode page = get(next).json();
            page.path("items").forEach(item -> ids.add(item.path("callsetId").asString()));
            next = page.path("next").asString("");
        }
        return ids;
    }

    Answer method(String method, String path, String... headers) {
        return send(request(path, headers).method(method, HttpRequest.BodyPublishers.noBody()));
    }

    Answer putJar(String name, Path jar, String... headers) {
        try {
            return send(request("/jars/" + name, headers).header("Content-Type", "application/java-archive")
                    .PUT(HttpRequest.BodyPublishers.ofFile(jar)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Answer putJar(String name, byte[] jar, String type) {
        return send(request("/jars/" + name).header("Content-Type", type)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(jar)));
    }

    /** Submits a map that must be accepted; returns the callset's id. */
    String map(String json) {
        Answer answer = post("/calls", json);
        if (answer.status() != 202) {
            throw new AssertionError(answer.status() + " " + answer.text());
        }
        return answer.json().path("callsetId").asString();
    }

    /** Asks every few milliseconds until the answer is as wanted: the cores belong to what is waited for. */
    void until(String path, Predicate<JsonNode> wanted) {
        await().atMost(Duration.ofMinutes(1)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10))
                .until(() -> wanted.test(get(path).json()));
    }

    /** Waits until the callset is done; returns it. */
    JsonNode done(String callsetId) {
        JsonNode callset;
        long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        do {
            callset = get("/calls/" + callsetId + "?wait=20").json();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not done: " + callset);
            }
        } while (!callset.path("done").asBoolean());
        return callset;
    }

    HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofMinutes(3));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request;
    }

    static Answer send(HttpRequest.Builder request) {
        try {
            return new Answer(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
