package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that come compressed. */
class CompressedIT {

    private static final String[] GZIP = {"Content-Encoding", "gzip"};
    private static final String LINES = "/calls?jar=fn&handler=fn.Square";
    private static final String MAP = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1,2,3]}";

    private static Path store;
    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start(@TempDir Path folder) {
        store = folder;
        gateway = RunningGateway.startWithFunctions(folder, "--wren.callsets.max-body-size=20MB",
                "--wren.callsets.max-datum-size=1MB", "--wren.jars.max-size=2MB");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] gzip(String text) {
        return gzip(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static void assertSquares(Http.Answer accepted) {
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        assertThat(http.get("/calls/" + accepted.json().path("callsetId").asString() + "/results").text())
                .isEqualTo("[1,4,9]");
    }

    @Test
    void maps_and_jars_may_be_gzip() throws IOException {
        assertSquares(http.post("/calls", gzip(MAP), GZIP));
        assertSquares(http.post("/calls", gzip(MAP), "Content-Encoding", "X-GZIP"));
        assertSquares(http.post("/calls", MAP, "Content-Encoding", "identity"));
        // Several members are one text.
        assertSquares(http.lines(LINES, BodyPublishers.ofByteArray(join(gzip("1\n2"), gzip("\n3\n"))), GZIP));
        Http.Answer jar = http.putJar("packed", gzipped(RunningGateway.FUNCTIONS), GZIP);
        assertThat(jar.status()).as(jar.text()).isEqualTo(201);
        assertThat(jar.json().path("sha256")).isEqualTo(http.get("/jars/fn").json().path("sha256"));
    }

    private static Path gzipped(Path file) throws IOException {
        return Files.write(store.resolveSibling(store.getFileName() + ".gz"), gzip(Files.readAllBytes(file)));
    }

    /** The key is for what the body says, however it is packed. */
    @Test
    void a_key_knows_the_body_again() {
        String[] packed = {"Content-Encoding", "gzip", "Idempotency-Key", "k"};
        Http.Answer first = http.post("/calls", gzip(MAP), packed);
        Http.Answer again = http.post("/calls", MAP, "Idempotency-Key", "k");
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json().path("callsetId")).isEqualTo(first.json().path("callsetId"));
    }

    @Test
    void limits_are_of_what_comes_out() throws IOException {
        byte[] zeros = new byte[30 << 20];
        Arrays.fill(zeros, (byte) ' ');
        Http.Answer body = http.post("/calls", gzip(join("{".getBytes(StandardCharsets.UTF_8), zeros)), GZIP);
        assertThat(body.status()).as(body.text()).isEqualTo(413);
        Arrays.fill(zeros, (byte) '1');
        Http.Answer datum = http.lines(LINES, BodyPublishers.ofByteArray(gzip(zeros)), GZIP);
        assertThat(datum.status()).isEqualTo(413);
        assertThat(datum.json().path("limit").asInt()).isEqualTo(1 << 20);
        Path bomb = Files.write(store.resolveSibling(store.getFileName() + ".bomb"), gzip(zeros));
        assertThat(http.putJar("bomb", bomb, GZIP).status()).isEqualTo(413);
        assertThat(http.get("/jars/bomb").status()).isEqualTo(404);
    }

    @Test
    void what_is_no_gzip_is_a_bad_request() {
        long before = callsets();
        byte[] whole = gzip(MAP);
        byte[] wrong = whole.clone();
        wrong[wrong.length - 5] ^= 1;
        for (byte[] body : new byte[][]{MAP.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(whole, whole.length - 4),
                Arrays.copyOf(whole, 12), new byte[0], wrong, join(whole, "junk".getBytes(StandardCharsets.UTF_8)),
                join(whole, new byte[100])}) {
            Http.Answer answer = http.post("/calls", body, GZIP);
            assertThat(answer.status()).as(answer.text()).isEqualTo(400);
            assertThat(answer.slug()).isEqualTo("invalid-request");
            assertThat(answer.json().path("errors").get(0).path("parameter").asString()).isEqualTo("Content-Encoding");
        }
        assertThat(callsets()).isEqualTo(before);
    }

    private static long callsets() {
        return TestStore.keys(store, "default/callsets/").stream().filter(key -> key.endsWith("/callset")).count();
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "deflate", "gzip, gzip", "zstd"})
    void other_codings_are_refused_with_what_is_taken(String coding) {
        Http.Answer answer = http.post("/calls", MAP, "Content-Encoding", coding);
        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.slug()).isEqualTo("unsupported-media-type");
        assertThat(answer.header("Accept-Encoding")).isEqualTo("gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/jsonl", "application/x-jsonlines", "application/x-ndjson"})
    void lines_have_several_names(String type) {
        Http.Answer answer = http.body(LINES, "1\n2\n3", type);
        assertSquares(answer);
        Http.Answer lines = http.get("/calls/" + answer.json().path("callsetId").asString() + "/results", "Accept",
                type);
        assertThat(lines.header("Content-Type")).startsWith(type);
        assertThat(lines.text().lines()).hasSize(3);
    }
}
