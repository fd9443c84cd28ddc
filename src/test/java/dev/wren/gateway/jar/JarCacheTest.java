package dev.wren.gateway.jar;

import static dev.wren.gateway.jar.JarFixture.TENANT;
import static dev.wren.gateway.jar.JarFixture.jarOf;
import static dev.wren.gateway.jar.JarFixture.sha256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.files.CacheFolder;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.ObjectKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarCacheTest {

    private static final byte[] A = jarOf(1000, (byte) 'a');
    private static final byte[] B = jarOf(1000, (byte) 'b');
    private static final byte[] C = jarOf(1000, (byte) 'c');

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
    void a_file_is_named_by_its_content_and_is_private() throws IOException {
        try (LocalJar local = fixture.jars().localFile(fixture.pinned(A))) {
            assertThat(local.path()).hasFileName(sha256(A) + ".jar").hasBinaryContent(A);
            assertThat(local.sha256()).isEqualTo(sha256(A));
            assertThat(permissions(fixture.cacheFolder)).isEqualTo("rwx------");
            assertThat(permissions(local.path())).isEqualTo("rw-------");
        }
        assertThat(files()).containsExactly(sha256(A));
    }

    @Test
    void many_askers_share_one_file() throws Exception {
        PinnedJar jar = fixture.pinned(A);
        CyclicBarrier start = new CyclicBarrier(8);
        Callable<Object> ask = () -> {
            start.await(10, TimeUnit.SECONDS);
            try (LocalJar local = fixture.jars().localFile(jar)) {
                return Files.readAttributes(local.path(), "unix:ino").get("ino");
            }
        };
        try (var threads = Executors.newFixedThreadPool(8)) {
            Set<Object> inodes = new HashSet<>();
            for (Future<Object> each : threads.invokeAll(Collections.nCopies(8, ask))) {
                inodes.add(each.get());
            }
            assertThat(inodes).hasSize(1);
        }
    }

    @Test
    void the_least_recently_used_goes_first() throws IOException {
        fixture.restartedWith(2500);
        use(A);
        use(B);
        use(A);
        use(C);
        assertThat(files()).containsExactlyInAnyOrder(sha256(A), sha256(C));
        assertThat(size()).isEqualTo(A.length + C.length);
    }

    @Test
    void files_in_use_stay_until_their_last_closes() throws IOException {
        fixture.restartedWith(1);
        PinnedJar jar = fixture.pinned(A);
        LocalJar first = fixture.jars().localFile(jar);
        LocalJar second = fixture.jars().localFile(jar);
        use(B);
        assertThat(files()).containsExactly(sha256(A));
        first.close();
        first.close();
        use(C);
        assertThat(second.path()).hasBinaryContent(A);
        second.close();
        assertThat(files()).isEmpty();
        assertThat(size()).isZero();
    }

    @Test
    void content_that_is_not_what_was_uploaded_is_damaged() throws IOException {
        String key = ObjectKeys.jarContent(TENANT, sha256(A));
        assertThat(fixture.store.putIfAbsent(key, B)).isTrue();
        PinnedJar jar = new PinnedJar(TENANT, sha256(A), A.length);

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> fixture.jars().localFile(jar))
                    .isInstanceOfSatisfying(DamagedObjectException.class, e -> assertThat(e.key()).isEqualTo(key));
        }
        assertThat(files()).isEmpty();

        fixture.store.delete(List.of(key));
        assertThatThrownBy(() -> fixture.jars().localFile(jar)).isInstanceOf(DamagedObjectException.class);
        use(A);
        assertThat(files()).containsExactly(sha256(A));
    }

    @Test
    void a_file_that_somebody_removed_is_made_again() throws IOException {
        use(A);
        Files.delete(file(A));
        try (LocalJar local = fixture.jars().localFile(fixture.pinned(A))) {
            assertThat(local.path()).hasBinaryContent(A);
        }
        assertThat(size()).isEqualTo(A.length);
    }

    @Test
    void files_outlive_arestart_and_are_checked_again() throws IOException {
        use(A);
        use(B);
        Files.write(file(B), new byte[10]);
        Files.write(fixture.cacheFolder.resolve("0/part-1.tmp"), new byte[10]);
        fixture.restartedWith(1 << 20);

        assertThat(files()).containsExactlyInAnyOrder(sha256(A), sha256(B));
        PinnedJar a = fixture.pinned(A);
        PinnedJar b = fixture.pinned(B);
        fixture.store.delete(List.of(ObjectKeys.jarContent(TENANT, sha256(A))));
        try (LocalJar kept = fixture.jars().localFile(a); LocalJar damaged = fixture.jars().localFile(b)) {
            assertThat(kept.path()).hasBinaryContent(A);
            assertThat(damaged.path()).hasBinaryContent(B);
        }
        assertThat(size()).isEqualTo(A.length + B.length);
    }

    @Test
    void a_smaller_cache_after_arestart_keeps_the_newest() throws IOException {
        use(A);
        use(B);
        Files.setLastModifiedTime(file(A), FileTime.fromMillis(2000));
        Files.setLastModifiedTime(file(B), FileTime.fromMillis(1000));
        fixture.restartedWith(1500);
        assertThat(files()).containsExactly(sha256(A));
    }

    @Test
    void two_gateways_use_folders_of_their_own() {
        String path = fixture.cacheFolder.toString();
        try (CacheFolder second = CacheFolder.take("jar", path)) {
            assertThat(second.path()).isEqualTo(fixture.cacheFolder.resolve("1"));
        }
        fixture.jars().close();
        try (CacheFolder first = CacheFolder.take("jar", path)) {
            assertThat(first.path()).isEqualTo(fixture.cacheFolder.resolve("0"));
        }
    }

    /** Somebody else may have put it there, to have the gateway write where they like. */
    @Test
    void a_link_is_no_folder(@TempDir Path other) throws IOException {
        Path link = Files.createSymbolicLink(other.resolve("link"), Files.createDirectory(other.resolve("target")));
        assertThatThrownBy(() -> CacheFolder.take("jar", link.toString())).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("is not a folder");
    }

    private void use(byte[] jar) throws IOException {
        try (LocalJar local = fixture.jars().localFile(fixture.pinned(jar))) {
            assertThat(local.path()).hasBinaryContent(jar);
        }
    }

    private Path file(byte[] jar) {
        return fixture.cacheFolder.resolve("0").resolve(sha256(jar) + ".jar");
    }

    /** Hashes of the files there; a file that is no jar shows up whole. */
    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(fixture.cacheFolder.resolve("0"))) {
            return files.map(file -> file.getFileName().toString().replace(".jar", "")).toList();
        }
    }

    private double size() {
        return fixture.cached();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
