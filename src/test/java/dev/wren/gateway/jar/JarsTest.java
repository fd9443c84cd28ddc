package dev.wren.gateway.jar;

import static dev.wren.gateway.jar.JarFixture.NOW;
import static dev.wren.gateway.jar.JarFixture.TENANT;
import static dev.wren.gateway.jar.JarFixture.jar;
import static dev.wren.gateway.jar.JarFixture.sha256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.ObjectKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JarsTest {

    private JarFixture fixture;

    @BeforeEach
    void open(@TempDir Path folder) {
        fixture = new JarFixture(folder);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void puts_and_gets() throws IOException {
        Jars.PutResult put = fixture.put("my-job_1.2.jar", jar("a"));

        assertThat(put.created()).isTrue();
        assertThat(put.jar())
                .isEqualTo(new JarInfo("my-job_1.2.jar", sha256(jar("a")), jar("a").length, NOW));
        assertThat(fixture.jars().get(TENANT, "my-job_1.2.jar")).isEqualTo(put.jar());
        assertThat(stored(sha256(jar("a")))).isEqualTo(jar("a"));
    }

    @Test
    void same_content_again_is_not_created() throws IOException {
        Jars.PutResult first = fixture.put("job", jar("a"));
        assertThat(fixture.put("job", jar("a"))).isEqualTo(new Jars.PutResult(first.jar(), false));
    }

    @Test
    void other_content_is_created_and_the_old_stays() throws IOException {
        fixture.put("job", jar("a"));
        PinnedJar old = fixture.pin(TENANT, "job");

        assertThat(fixture.put("job", jar("b")).created()).isTrue();

        assertThat(fixture.jars().get(TENANT, "job").sha256()).isEqualTo(sha256(jar("b")));
        try (LocalJar local = fixture.jars().localFile(old)) {
            assertThat(local.path()).hasBinaryContent(jar("a"));
        }
    }

    @Test
    void two_names_share_content() throws IOException {
        fixture.put("one", jar("a"));
        assertThat(fixture.put("two", jar("a")).created()).isTrue();
        assertThat(fixture.jars().get(TENANT, "one").sha256()).isEqualTo(fixture.jars().get(TENANT, "two").sha256());
    }

    /** One of those that put at once creates each content; whoever is last has the name. */
    @Test
    void many_put_at_once() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        for (int round = 0; round < 50; round++) {
            String name = "job" + round;
            Callable<Boolean> put = () -> {
                start.await(10, TimeUnit.SECONDS);
                return fixture.put(name, jar("same")).created();
            };
            try (var threads = Executors.newFixedThreadPool(2)) {
                List<Boolean> created = new ArrayList<>();
                for (Future<Boolean> each : threads.invokeAll(List.of(put, put))) {
                    created.add(each.get());
                }
                assertThat(created).containsExactlyInAnyOrder(true, false);
            }
        }
    }

    @Test
    void uploads_at_once_are_bounded() throws Exception {
        CountDownLatch reading = new CountDownLatch(2);
        CountDownLatch goOn = new CountDownLatch(1);
        try (var threads = Executors.newFixedThreadPool(2)) {
            List<Future<Jars.PutResult>> puts = IntStream.range(0, 2)
                    .mapToObj(i -> threads.submit(() -> fixture.jars()
                            .put(TENANT, "job" + i, new BlockedStream(jar("a"), reading, goOn))))
                    .toList();
            try {
                assertThat(reading.await(10, TimeUnit.SECONDS)).isTrue();
                assertThatThrownBy(() -> fixture.put("job", jar("a")))
                        .isInstanceOfSatisfying(QuotaExceededException.class,
                                e -> assertThat(e.limit()).isEqualTo(2));
            } finally {
                goOn.countDown();
            }
            for (Future<Jars.PutResult> put : puts) {
                put.get(10, TimeUnit.SECONDS);
            }
        }
        assertThat(fixture.put("job", jar("a")).created()).isTrue();
    }

    /** Gives its first byte when told to. */
    private static final class BlockedStream extends InputStream {

        private final InputStream bytes;
        private final CountDownLatch reading;
        private final CountDownLatch goOn;

        BlockedStream(byte[] bytes, CountDownLatch reading, CountDownLatch goOn) {
            this.bytes = new ByteArrayInputStream(bytes);
            this.reading = reading;
            this.goOn = goOn;
        }

        @Override
        public int read() throws IOException {
            reading.countDown();
            try {
                if (!goOn.await(10, TimeUnit.SECONDS)) {
                    throw new IOException("not told to go on");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
            return bytes.read();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", ".hidden", "a/b", "a b", "ä", "a\n", "a%2F", "sha256:00"})
    void refuses_names(String name) {
        refuses(() -> fixture.put(name, jar("a")), ProblemType.INVALID_REQUEST, null, "name");
    }

    @Test
    void names_have_up_to128_characters() throws IOException {
        assertThat(fixture.put("-" + "a".repeat(127), jar("a")).created()).isTrue();
        refuses(() -> fixture.put("a".repeat(129), jar("a")), ProblemType.INVALID_REQUEST, null, "name");
    }

    @Test
    void refuses_what_is_too_large() {
        assertThatThrownBy(() -> fixture.put("job", JarFixture.jarOf(1 << 20, (byte) 1)))
                .isInstanceOfSatisfying(ProblemException.class, e -> {
                    assertThat(e.type()).isEqualTo(ProblemType.TOO_LARGE);
                    assertThat(e.properties()).containsEntry("limit", 1L << 20);
                });
        assertNothingIsLeft();
    }

    @Test
    void refuses_what_is_no_jar() {
        assertThatThrownBy(() -> fixture.put("job", "no jar".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfSatisfying(ProblemException.class,
                        e -> assertThat(e.type()).isEqualTo(ProblemType.INVALID_JAR));
        assertNothingIsLeft();
    }

    @Test
    void an_upload_that_breaks_off_leaves_nothing() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("connection reset");
            }
        };
        assertThatThrownBy(() -> fixture.jars().put(TENANT, "job", broken)).isInstanceOf(IOException.class);
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        assertThat(fixture.store.list(TENANT + "/jars/", null, 10)).isEmpty();
        try (Stream<Path> files = Files.list(fixture.cacheFolder.resolve("0"))) {
            assertThat(files).isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void lists_in_the_order_of_names() throws IOException {
        for (String name : List.of("b", "a", "B", "c")) {
            fixture.put(name, jar(name));
        }
        assertThat(names(null, 10)).containsExactly("B", "a", "b", "c");
        assertThat(names(null, 2)).containsExactly("B", "a");
        assertThat(names("a", 2)).containsExactly("b", "c");
        assertThat(names("aa", 1)).containsExactly("b");
        assertThat(names("c", 1)).isEmpty();
        assertThat(fixture.jars().list("other", null, 10)).isEmpty();
    }

    @Test
    void deletes_the_name_and_keeps_the_content() throws IOException {
        fixture.put("job", jar("a"));
        fixture.jars().delete(TENANT, "job");

        notFound(() -> fixture.jars().get(TENANT, "job"));
        notFound(() -> fixture.jars().delete(TENANT, "job"));
        assertThat(fixture.pin(TENANT, "sha256:" + sha256(jar("a"))).size()).isEqualTo(jar("a").length);
        assertThat(fixture.put("job", jar("a")).created()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unknown", "..", "../sha256", "a b"})
    void unknown_names_are_not_found(String name) {
        notFound(() -> fixture.jars().get(TENANT, name));
        notFound(() -> fixture.jars().delete(TENANT, name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "null", "[1]",
            "{\"name\":\"b\",\"sha256\":\"00\",\"size\":1,\"createdAt\":null}"})
    void a_damaged_entry_harms_only_itself(String damage) throws IOException {
        for (String name : List.of("a", "b", "c")) {
            fixture.put(name, jar(name));
        }
        damage(ObjectKeys.jar(TENANT, "b"), damage.getBytes(StandardCharsets.UTF_8));

        assertThat(names(null, 2)).containsExactly("a", "c");
        assertThatThrownBy(() -> fixture.jars().get(TENANT, "b")).isInstanceOf(DamagedObjectException.class);
        assertThatThrownBy(() -> fixture.pin(TENANT, "b")).isInstanceOf(DamagedObjectException.class);

        assertThat(fixture.put("b", jar("b")).created()).isTrue();
        assertThat(names(null, 3)).containsExactly("a", "b", "c");
        damage(ObjectKeys.jar(TENANT, "b"), damage.getBytes(StandardCharsets.UTF_8));
        fixture.jars().delete(TENANT, "b");
        notFound(() -> fixture.jars().get(TENANT, "b"));
    }

    @Test
    void pins_aname_and_content() throws IOException {
        fixture.put("job", jar("a"));
        PinnedJar expected = new PinnedJar(TENANT, sha256(jar("a")), jar("a").length);
        assertThat(fixture.pin(TENANT, "job")).isEqualTo(expected);
        assertThat(fixture.pin(TENANT, "sha256:" + sha256(jar("a")))).isEqualTo(expected);
    }

    @Test
    void refuses_to_pin_what_is_not_there() throws IOException {
        fixture.put("job", jar("a"));
        for (String reference : List.of("unknown", "sha256:" + "0".repeat(64))) {
            refuses(() -> fixture.pin(TENANT, reference), ProblemType.INVALID_FUNCTION, "/function/jar", null);
        }
        for (String reference : List.of("job", "sha256:" + sha256(jar("a")))) {
            refuses(() -> fixture.pin("other", reference), ProblemType.INVALID_FUNCTION, "/function/jar", null);
        }
    }

    @Test
    void refuses_to_pin_from_abucket() {
        refuses(() -> fixture.pin(TENANT, "s3://some-bucket/a/job.jar"), ProblemType.BUCKET_NOT_ALLOWED,
                "/function/jar", null);
        assertThatThrownBy(() -> fixture.pin(TENANT, "s3://some-bucket/a/job.jar"))
                .hasMessageContaining("some-bucket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "a/b", "sha256:", "sha256:00", "SHA256:", "s3://", "s3://bucket", "s3:///key",
            "file:///etc/passwd", "http://host/a.jar"})
    void refuses_malformed_references(String reference) {
        refuses(() -> fixture.pin(TENANT, reference), ProblemType.INVALID_REQUEST, "/function/jar", null);
    }

    private List<String> names(String after, int limit) {
        return fixture.jars().list(TENANT, after, limit).stream().map(JarInfo::name).toList();
    }

    private byte[] stored(String hash) {
        return fixture.store.get(ObjectKeys.jarContent(TENANT, hash)).orElseThrow().bytes();
    }

    private void damage(String key, byte[] bytes) {
        String etag;
        try (var object = fixture.store.get(key).orElseThrow()) {
            etag = object.etag();
        }
        assertThat(fixture.store.replace(key, bytes, etag)).isPresent();
    }

    private static void notFound(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class,
                e -> assertThat(e.type()).isEqualTo(ProblemType.NOT_FOUND));
    }

    private static void refuses(ThrowingCallable call, ProblemType type, String pointer, String parameter) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.type()).isEqualTo(type);
            assertThat(e.errors()).singleElement().satisfies(error -> {
                assertThat(error.pointer()).isEqualTo(pointer);
                assertThat(error.parameter()).isEqualTo(parameter);
            });
        });
    }
}
