package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdOutputStream;
import dev.wren.gateway.store.s3.FaultProxy.Fault;
import dev.wren.gateway.store.s3.S3Server;
import dev.wren.protocol.CallsetId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import tools.jackson.databind.JsonNode;

/** Jars and data that are in buckets of callers. */
class S3DataIT {

    private static final int LARGE = 400_000;
    private static S3Server s3;
    private static S3Client client;
    private static String bucket;
    private static String other;
    private static RunningGateway gateway;
    private static Http http;
    @TempDir
    private static Path store;

    @BeforeAll
    static void start() {
        s3 = TestStore.s3();
        client = s3.client();
        bucket = s3.newBucket();
        other = s3.newBucket();
        gateway = RunningGateway.startWithFunctions(store, Stream.concat(
                // Wherever the gateway's own store is.
                Stream.of(s3.settings("")).filter(setting -> !setting.startsWith("--wren.store")),
                Stream.of("--wren.s3.allowed-buckets=" + bucket + ",no-such-bucket",
                        "--wren.callsets.max-datum-size=6MB"))
                .toArray(String[]::new));
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        client.close();
    }

    @AfterEach
    void noFaults() {
        s3.proxy().faults(_ -> Fault.NONE);
    }

    private static void put(String key, byte[] bytes) {
        client.putObject(put -> put.bucket(bucket).key(key), RequestBody.fromBytes(bytes));
    }

    private static void put(String key, String text) {
        put(key, text.getBytes(StandardCharsets.UTF_8));
    }

    private interface Packing {
        OutputStream of(OutputStream out) throws IOException;
    }

    private static byte[] packed(String text, Packing packing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = packing.of(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static String map(String uri, String format) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"iterdata\":{\"uri\":\"" + uri + "\""
                + (format == null ? "" : ",\"format\":\"" + format + "\"") + "}}";
    }

    private static Http.Answer mapOf(String key, String format) {
        return http.post("/calls", map("s3://" + bucket + "/" + key, format));
    }

    private static String results(Http.Answer accepted) {
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        String id = accepted.json().path("callsetId").asString();
        http.done(id);
        return http.get("/calls/" + id + "/results").text();
    }

    private static void assertNothingStored(Http.Answer refused, int status, String slug, String pointer) {
        assertThat(refused.status()).as(refused.text()).isEqualTo(status);
        assertThat(refused.slug()).isEqualTo(slug);
        if (pointer != null) {
            assertThat(refused.json().path("errors").get(0).path("pointer").asString()).isEqualTo(pointer);
        }
        Set<String> listed = http.callsets("limit=1000").stream()
                .map(id -> CallsetId.parse(id).orElseThrow().key()).collect(Collectors.toSet());
        assertThat(TestStore.keys(store, "default/callsets/")).allMatch(key -> listed.contains(key.split("/")[2]));
    }

    @Test
    void lines_and_arrays_and_tables_are_data() {
        put("lines.ndjson", "1\n\n {\"a\": 1.50}\r\n\"ü\"");
        assertThat(results(mapOf("lines.ndjson", "ndjson"))).isEqualTo("[1,{\"a\":1.50},\"ü\"]");
        put("array.json", " [1, {\"a\": [null]}, \"x\"] ");
        assertThat(results(mapOf("array.json", "json"))).isEqualTo("[1,{\"a\":[null]},\"x\"]");
        put("table.csv", "name,size\r\n\"a \"\"b\"\"\nc\",1\r\n\r\nü,\n");
        assertThat(results(mapOf("table.csv", "csv")))
                .isEqualTo("[{\"name\":\"a \\\"b\\\"\\nc\",\"size\":\"1\"},{\"name\":\"ü\",\"size\":\"\"}]");
        put("none.ndjson", "");
        assertThat(results(mapOf("none.ndjson", "ndjson"))).isEqualTo("[]");
        put("header.csv", "name,size\n");
        assertThat(results(mapOf("header.csv", "csv"))).isEqualTo("[]");
    }

    @Test
    void what_is_compressed_is_unpacked_by_its_name() {
        put("lines.ndjson.gz", packed("1\n2", GZIPOutputStream::new));
        assertThat(results(mapOf("lines.ndjson.gz", "ndjson"))).isEqualTo("[1,2]");
        put("table.csv.zst", packed("a\nb\n", ZstdOutputStream::new));
        assertThat(results(mapOf("table.csv.zst", "csv"))).isEqualTo("[{\"a\":\"b\"}]");
        put("not.gz", "1\n2");
        assertNothingStored(mapOf("not.gz", "ndjson"), 400, "invalid-request", "/iterdata/uri");
        put("not.zst", "1\n2");
        assertNothingStored(mapOf("not.zst", "ndjson"), 400, "invalid-request", "/iterdata/uri");
        byte[] whole = packed("1\n2\n".repeat(10_000), GZIPOutputStream::new);
        put("half.gz", Arrays.copyOf(whole, whole.length / 2));
        assertNothingStored(mapOf("half.gz", "ndjson"), 400, "invalid-request", "/iterdata/uri");
    }

    @Test
    void each_object_below_a_prefix_is_a_datum() {
        put("pictures/", "");
        put("pictures/b.png", "bb");
        put("pictures/a/1.png", "a");
        put("picturesque", "no");
        JsonNode results = Http.JSON.readTree(results(mapOf("pictures/", null)));
        assertThat(results.valueStream().map(each -> each.path("key").asString()))
                .containsExactly("pictures/a/1.png", "pictures/b.png");
        JsonNode second = results.get(1);
        assertThat(second.path("bucket").asString()).isEqualTo(bucket);
        assertThat(second.path("size").asInt()).isEqualTo(2);
        assertThat(second.path("etag").asString()).isEqualTo("21ad0bd836b90d08f4cf640b4c298e7c");
        assertThat(results(mapOf("nothing-here/", null))).isEqualTo("[]");
    }

    /** Several blocks of the source, in a heap that holds none of it whole; every fourth answer breaks off. */
    @Test
    void a_large_source_is_read_block_by_block() {
        put("large.ndjson", IntStream.range(0, LARGE).mapToObj(i -> "{\"number\": " + i + ", \"text\": \"abcdefgh\"}")
                .collect(Collectors.joining("\n")));
        AtomicInteger asked = new AtomicInteger();
        s3.proxy().faults(request -> request.path().endsWith("large.ndjson") && asked.incrementAndGet() % 2 == 1
                ? new Fault.Cut(1000)
                : Fault.NONE);
        Http.Answer accepted = mapOf("large.ndjson", "ndjson");
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.json().path("size").asInt()).isEqualTo(LARGE);
        assertThat(asked).hasValueGreaterThanOrEqualTo(4);
        http.delete("/calls/" + accepted.json().path("callsetId").asString());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_source_that_changes_while_it_is_read_is_refused(boolean deleted) {
        // More than a block, in few data.
        put("changing.json", "[" + ("\"" + "x".repeat(1000) + "\",").repeat(9_000) + "1]");
        AtomicInteger asked = new AtomicInteger();
        s3.proxy().faults(request -> {
            if (request.path().endsWith("changing.json") && request.method().equals("GET")
                    && asked.incrementAndGet() == 2) {
                if (deleted) {
                    client.deleteObject(delete -> delete.bucket(bucket).key("changing.json"));
                } else {
                    put("changing.json", "[]");
                }
            }
            return Fault.NONE;
        });
        assertNothingStored(mapOf("changing.json", "json"), 409, "source-changed", "/iterdata/uri");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\u0001', value = {
            "{}|/iterdata/uri", "{\"uri\":1,\"format\":\"json\"}|/iterdata/uri",
            "{\"uri\":\"https://x/y\",\"format\":\"json\"}|/iterdata/uri",
            "{\"uri\":\"s3://bucket\",\"format\":\"json\"}|/iterdata/uri",
            "{\"uri\":\"s3://bucket/key\"}|/iterdata/format",
            "{\"uri\":\"s3://bucket/key\",\"format\":\"xml\"}|/iterdata/format",
            "{\"uri\":\"s3://bucket/prefix/\",\"format\":\"json\"}|/iterdata/format",
            "{\"uri\":\"s3://bucket/key\",\"format\":\"json\",\"more\":1}|/iterdata/more",
            "7|/iterdata"})
    void sources_that_are_none_are_refused_with_their_pointers(String source, String pointer) {
        assertNothingStored(http.post("/calls", "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"iterdata\":"
                + source + "}"), 400, "invalid-request", pointer);
    }

    @Test
    void what_cannot_be_read_is_told() {
        client.putObject(put -> put.bucket(other).key("lines"), RequestBody.fromString("1"));
        assertNothingStored(http.post("/calls", map("s3://" + other + "/lines", "ndjson")), 403, "bucket-not-allowed",
                "/iterdata/uri");
        assertNothingStored(http.post("/calls", map("s3://no-such-bucket/lines", "ndjson")), 403, "bucket-not-allowed",
                "/iterdata/uri");
        assertNothingStored(mapOf("not-there", "ndjson"), 400, "invalid-request", "/iterdata/uri");
        put("broken.ndjson", "1\n{\n");
        Http.Answer broken = mapOf("broken.ndjson", "ndjson");
        assertNothingStored(broken, 400, "malformed-json", null);
        assertThat(broken.json().path("line").asInt()).isEqualTo(2);
        put("object.json", "{}");
        assertNothingStored(mapOf("object.json", "json"), 400, "invalid-request", "/iterdata/uri");
        put("short.csv", "a,b\n1,2\n3\n");
        assertNothingStored(mapOf("short.csv", "csv"), 400, "invalid-request", "/iterdata/uri");
        put("long.csv", "a,b\n1,2,3\n");
        assertNothingStored(mapOf("long.csv", "csv"), 400, "invalid-request", "/iterdata/uri");
        put("row.csv", "a,b\n\"" + "x".repeat(20_000_000));
        assertNothingStored(mapOf("row.csv", "csv"), 413, "too-large", null);
        put("denied", "1");
        s3.proxy().faults(request -> request.path().endsWith("/denied")
                ? new Fault.Answer(403, "AccessDenied", false)
                : Fault.NONE);
        assertNothingStored(mapOf("denied", "ndjson"), 403, "bucket-not-allowed", "/iterdata/uri");
    }

    @Test
    void a_jar_in_a_bucket_is_pinned_to_its_bytes() throws Exception {
        byte[] functions = Files.readAllBytes(RunningGateway.FUNCTIONS);
        put("jars/fn.jar", functions);
        String uri = "s3://" + bucket + "/jars/fn.jar";
        String body = "{\"function\":{\"jar\":\"" + uri + "\",\"handler\":\"fn.Square\"},\"iterdata\":[3]}";
        AtomicInteger read = new AtomicInteger();
        s3.proxy().faults(request -> {
            if (request.path().endsWith("/jars/fn.jar") && request.method().equals("GET")) {
                read.incrementAndGet();
            }
            return Fault.NONE;
        });
        Http.Answer first = http.post("/calls", body);
        assertThat(results(first)).isEqualTo("[9]");
        assertThat(first.json().path("function").path("jar").asString()).isEqualTo(uri);
        assertThat(results(http.post("/calls", body))).isEqualTo("[9]");
        assertThat(read).as("fetched once").hasValue(1);
        put("jars/fn.jar", Files.readAllBytes(RunningGateway.EXAMPLES));
        assertNothingStored(http.post("/calls", body), 422, "invalid-function", "/function/handler");
        assertThat(http.post("/calls/" + first.json().path("callsetId").asString() + "/redrive", "").status())
                .isEqualTo(202);
        put("jars/not.jar", "no jar");
        for (String jar : List.of("jars/not.jar", "jars/none.jar")) {
            assertNothingStored(http.post("/calls", body.replace("jars/fn.jar", jar)), 422, "invalid-function",
                    "/function/jar");
        }
        assertNothingStored(http.post("/calls", body.replace(bucket, other)), 403, "bucket-not-allowed",
                "/function/jar");
    }
}
