package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.BesideOthers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A store that an earlier gateway has written, kept with the tests: it is read, and gone on with, for ever. A change that
 * turns this red needs a way to read what was there before, and perhaps another version of the format; with
 * {@code -Dstore.update=true} a store of this version is written instead, as long as no such gateway was released.
 */
@BesideOthers
class KeptStoreIT {

    private static final Path KEPT = Path.of("src/test/resources/stores/format-1.zip");
    private static final String MIXED = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},";

    @Test
    void what_was_stored_is_read_and_gone_on_with(@TempDir Path folder) throws Exception {
        if (Boolean.getBoolean("store.update")) {
            make(folder.resolve("made"));
        }
        Path store = folder.resolve("store");
        unzip(store);
        assertGoneOnWith(folder, "--wren.store=" + store);
        assertThat(Files.readString(store.resolve("format"))).isEqualTo("{\"version\":1}");
    }

    /** It keeps its one shard, and says from then on that older gateways cannot read it: before anything else is written. */
    @Test
    void a_bucket_of_before_there_were_several_gateways_is_gone_on_with(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("store");
        unzip(store);
        try (Stream<Path> files = Files.walk(store)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                TestStore.writeOnS3(folder, store.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        assertGoneOnWith(folder, TestStore.onS3(folder).toArray(String[]::new));
        assertThat(new String(TestStore.bytesOnS3(folder, "format"), StandardCharsets.UTF_8))
                .isEqualTo("{\"version\":2,\"shards\":1}");
    }

    private static void assertGoneOnWith(Path folder, String... settings) {
        try (RunningGateway gateway = RunningGateway.start(folder, Stream.concat(Stream.of(settings),
                Stream.of("--wren.executors.later.kind=local", "--wren.executors.later.workers=2",
                        "--wren.callsets.idempotency-age=36500d"))
                .toArray(String[]::new))) {
            Http http = gateway.http();
            List<JsonNode> all = http.get("/calls?limit=1000").json().path("items").valueStream().toList();
            assertThat(all).hasSize(6);
            JsonNode mixed = tagged(all, "mixed");
            String id = mixed.path("callsetId").asString();
            assertThat(mixed.path("states")).hasToString(
                    "{\"new\":0,\"invoked\":0,\"running\":0,\"success\":3,\"error\":1,\"cancelled\":0}");
            assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo("9");
            JsonNode failed = http.get("/calls/" + id + "/00001").json();
            assertThat(failed.path("attemptLog").size()).isEqualTo(2);
            assertThat(failed.path("error").path("message").asString()).contains("on purpose");
            assertThat(failed.path("error").path("stackTrace").asString()).contains("fn.Mixed");
            assertThat(http.get("/calls/" + id + "/00002/result").text()).hasSizeGreaterThan(100_000);
            assertThat(http.get("/calls/" + id + "/00003/logs").text()).contains("said");
            assertThat(http.get("/calls/" + id).json().path("tags").path("kept").asString()).isEqualTo("mixed");
            assertThat(http.get("/calls/" + tagged(all, "cancelled").path("callsetId").asString() + "/00001").json()
                    .path("state").asString()).isEqualTo("cancelled");
            JsonNode reduce = all.stream().filter(each -> each.has("reduceOf")).findFirst().orElseThrow();
            assertThat(http.get("/calls/" + reduce.path("callsetId").asString() + "/00000/result").text())
                    .isEqualTo("[1,4]");
            JsonNode redrive = all.stream().filter(each -> each.has("redriveOf")).findFirst().orElseThrow();
            assertThat(http.get("/calls/" + redrive.path("callsetId").asString() + "/00000").json()
                    .path("redriveOfCallId").asString()).isEqualTo("00001");
            // The key of then gives the callset of then.
            Http.Answer same = http.post("/calls", MIXED + "\"iterdata\":[\"square 1\",\"square 2\"],\"executor\":"
                    + "\"later\",\"tags\":{\"kept\":\"later\"}}", "Idempotency-Key", "kept");
            assertThat(same.status()).as(same.text()).isEqualTo(200);
            String later = tagged(all, "later").path("callsetId").asString();
            assertThat(same.json().path("callsetId").asString()).isEqualTo(later);
            // And what was not done goes on.
            assertThat(http.get("/calls/" + later + "/results?timeout=60").text()).isEqualTo("[1,4]");
            assertThat(http.get("/jars/fn").json().path("size").asLong()).isPositive();
            assertThat(http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[3]}"))
                    .isNotEmpty();
        }
    }

    private static JsonNode tagged(List<JsonNode> callsets, String kept) {
        return callsets.stream().filter(each -> each.path("tags").path("kept").asString("").equals(kept)
                && !each.has("reduceOf") && !each.has("redriveOf")).findFirst().orElseThrow();
    }

    /** A store of this version, with one of each. */
    private static void make(Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, new IdleExecutor()::in,
                "--wren.store=" + store, "--wren.executors.later.kind=idle", "--wren.callsets.inline-data=1KB")) {
            Http http = gateway.http();
            String mixed = http
                    .map(MIXED + "\"iterdata\":[\"square 3\",\"throw on purpose\",\"huge 200000\",\"print said\"],"
                            + "\"maxAttempts\":2,\"tags\":{\"kept\":\"mixed\"}}");
            http.done(mixed);
            http.done(http.post("/calls/" + mixed + "/redrive", "").json().path("callsetId").asString());
            String squares = http.map("{\"function\":{\"jars\":[\"fn\"],\"handler\":\"fn.Square\"},\"iterdata\":[1,2],"
                    + "\"dataAllAsOne\":false,\"tags\":{\"kept\":\"squares\"}}");
            http.done(http.post("/calls/" + squares + "/reduce",
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}").json().path("callsetId").asString());
            String cancelled = http
                    .map(MIXED + "\"iterdata\":[\"forever\",\"forever\"],\"tags\":{\"kept\":\"cancelled\"}}");
            http.post("/calls/" + cancelled + "/cancel", "");
            http.done(cancelled);
            Http.Answer later = http.post("/calls", MIXED + "\"iterdata\":[\"square 1\",\"square 2\"],\"executor\":"
                    + "\"later\",\"tags\":{\"kept\":\"later\"}}", "Idempotency-Key", "kept");
            assertThat(later.status()).isEqualTo(202);
        }
        Files.createDirectories(KEPT.getParent());
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(KEPT));
                Stream<Path> files = Files.walk(store)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(store.resolve(".wren"))).sorted().toList()) {
                out.putNextEntry(new ZipEntry(store.relativize(file).toString()));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }

    private static void unzip(Path store) throws IOException {
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(KEPT))) {
            for (ZipEntry entry; (entry = in.getNextEntry()) != null;) {
                Path file = store.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                try (OutputStream out = Files.newOutputStream(file)) {
                    ((InputStream) in).transferTo(out);
                }
            }
        }
    }

    @Test
    void a_store_of_a_newer_gateway_is_refused_and_left_as_it_is(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("store");
        RunningGateway.start(folder, "--wren.store=" + store).close();
        assertThat(Files.readString(store.resolve("format"))).isEqualTo("{\"version\":1}");
        Files.writeString(store.resolve("format"), "{\"version\":3,\"more\":true}");
        assertThatThrownBy(() -> RunningGateway.start(folder, "--wren.store=" + store))
                .rootCause().hasMessageContaining("is of format 3, which a newer gateway has written");
        // The lock of the folder was let go of.
        assertThatThrownBy(() -> RunningGateway.start(folder, "--wren.store=" + store))
                .rootCause().hasMessageContaining("is of format 3");
        Files.writeString(store.resolve("format"), "rot");
        assertThatThrownBy(() -> RunningGateway.start(folder, "--wren.store=" + store))
                .rootCause().isNotNull();
    }
}
