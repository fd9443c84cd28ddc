package dev.wren.worker.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteJarsTest {

    private static final int SIZE = 10_000;

    @TempDir
    private Path folder;
    private HttpServer server;
    private final AtomicInteger fetched = new AtomicInteger();
    private volatile CountDownLatch together = new CountDownLatch(0);

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            fetched.incrementAndGet();
            together.countDown();
            try {
                // All that are expected at once, or it takes too long.
                assertThat(together.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            byte[] bytes = Files.readAllBytes(folder.resolve("served" + exchange.getRequestURI().getPath()));
            exchange.sendResponseHeaders(200, bytes.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(bytes);
            }
        });
        server.start();
        Files.createDirectories(folder.resolve("served"));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private List<Invocation.Jar> classPath(int from, int count) throws IOException {
        List<Invocation.Jar> jars = new ArrayList<>();
        for (int i = from; i < from + count; i++) {
            Path jar = folder.resolve("served/" + i);
            byte[] content = new byte[SIZE];
            new Random(i).nextBytes(content);
            try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
                out.putNextEntry(new ZipEntry("content"));
                out.write(content);
            }
            jars.add(new Invocation.Jar(Sha256.of(jar),
                    "http://127.0.0.1:" + server.getAddress().getPort() + "/" + i));
        }
        return jars;
    }

    private RemoteJars jars(long limit) {
        return new RemoteJars(folder.resolve("kept"), limit, new Links());
    }

    private List<String> kept() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("kept"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void a_class_path_is_fetched_some_at_once_and_once() throws Exception {
        List<Invocation.Jar> wanted = classPath(0, 20);
        RemoteJars jars = jars(1 << 20);
        together = new CountDownLatch(8);
        List<Invocation.Jar> twice = Stream.concat(wanted.stream(), wanted.stream().limit(1)).toList();
        List<Invocation.Jar> here = jars.get(twice);
        assertThat(here).extracting(Invocation.Jar::sha256).isEqualTo(
                twice.stream().map(Invocation.Jar::sha256).toList());
        for (Invocation.Jar jar : here) {
            assertThat(Sha256.of(Path.of(jar.location()))).isEqualTo(jar.sha256());
        }
        assertThat(jars.get(wanted)).isEqualTo(here.subList(0, 20));
        assertThat(fetched).hasValue(20);
    }

    @Test
    void one_that_is_another_fails_all_and_leaves_nothing_half() throws Exception {
        List<Invocation.Jar> wanted = new ArrayList<>(classPath(0, 5));
        wanted.set(3, new Invocation.Jar("0".repeat(64), wanted.get(3).location()));
        RemoteJars jars = jars(1 << 20);
        assertThatThrownBy(() -> jars.get(wanted)).isInstanceOf(LinkException.class)
                .hasMessageContaining("the jar has the SHA-256");
        assertThat(kept()).isEmpty();
    }

    @Test
    void room_is_made_by_others_alone() throws Exception {
        RemoteJars jars = jars(4 * SIZE);
        List<Invocation.Jar> old = classPath(0, 3);
        jars.get(old);
        List<Invocation.Jar> wide = classPath(10, 6);
        assertThat(jars.get(wide)).allSatisfy(jar -> assertThat(Path.of(jar.location())).exists());
        assertThat(kept()).hasSize(6);
        jars.get(old);
        assertThat(kept()).hasSizeLessThanOrEqualTo(4).contains(old.getFirst().sha256() + ".jar");
    }

    @Test
    void what_a_function_has_changed_is_fetched_again() throws Exception {
        List<Invocation.Jar> wanted = classPath(0, 2);
        RemoteJars jars = jars(1 << 20);
        Files.writeString(Path.of(jars.get(wanted).getFirst().location()), "other");
        assertThat(Sha256.of(Path.of(jars.get(wanted).getFirst().location()))).isEqualTo(wanted.getFirst().sha256());
        assertThat(fetched).hasValue(3);
    }
}
