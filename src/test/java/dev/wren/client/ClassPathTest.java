package dev.wren.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.TestClock;
import dev.wren.protocol.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassPathTest {

    @TempDir
    private Path folder;
    private final TestClock clock = new TestClock();

    /** What is moved to class paths of the tests. */
    public static class Moved {
    }

    private static byte[] moved() throws IOException {
        try (InputStream in = Moved.class.getResourceAsStream("ClassPathTest$Moved.class")) {
            return in.readAllBytes();
        }
    }

    private Path jar(String name, Map<Attributes.Name, String> main, Map<String, byte[]> entries) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.forEach(manifest.getMainAttributes()::put);
        Path file = Files.createDirectories(folder.resolve(name).getParent())
                .resolve(folder.resolve(name).getFileName());
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue());
            }
        }
        return file.toRealPath();
    }

    private static List<Path> of(Path... entries) throws Exception {
        URL[] urls = new URL[entries.length];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = entries[i].toUri().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            Class<?> type = loader.loadClass(Moved.class.getName());
            List<Path> all = ClassPath.of(type, path -> false);
            // This program's own is there after it.
            return all.stream().filter(path -> path.startsWith(entries[0].getParent())).toList();
        }
    }

    @Test
    void manifests_name_more_and_jars_of_nothing_else_are_left_out() throws Exception {
        Path library = jar("lib/library.jar", Map.of(), Map.of("a.txt", new byte[1]));
        Path deeper = jar("lib/deeper.jar", Map.of(Attributes.Name.CLASS_PATH, "library.jar"),
                Map.of("b", new byte[1]));
        Path classes = Files.createDirectories(folder.resolve("classes with space/dev/wren/client"));
        Files.write(classes.resolve("ClassPathTest$Moved.class"), moved());
        Path root = folder.resolve("classes with space").toRealPath();
        Path arguments = jar("args.jar", Map.of(Attributes.Name.CLASS_PATH,
                root.toUri() + " lib/deeper.jar lib/no-such.jar file:/no/such/ http://elsewhere.example/x.jar"),
                Map.of());
        assertThat(of(arguments)).containsExactly(root, deeper, library);
    }

    @Test
    void the_client_stays_here_and_so_does_what_is_left_out() throws Exception {
        Path program = jar("program.jar", Map.of(),
                Map.of(Moved.class.getName().replace('.', '/') + ".class", moved()));
        Path client = jar("wren-client.jar", Map.of(new Attributes.Name(ClassPath.CLIENT), "1"),
                Map.of("x", new byte[1]));
        Path other = jar("other.jar", Map.of(), Map.of("y", new byte[1]));
        assertThat(of(program, client, other)).containsExactly(program, other);
        try (URLClassLoader loader = new URLClassLoader(new URL[]{program.toUri().toURL(), other.toUri().toURL()},
                ClassLoader.getPlatformClassLoader())) {
            assertThat(ClassPath.of(loader.loadClass(Moved.class.getName()), path -> path.endsWith("other.jar")))
                    .contains(program).doesNotContain(other);
        }
    }

    @Test
    void a_class_of_nowhere_is_refused() {
        ClassLoader none = new ClassLoader("memory", ClassLoader.getPlatformClassLoader()) {
            @Override
            protected Class<?> findClass(String name) {
                try {
                    byte[] bytes = moved();
                    // Under another name, which is in no folder of the tests.
                    String text = new String(bytes, StandardCharsets.ISO_8859_1)
                            .replace("ClassPathTest$Moved", "ClassPathTest$Xoved");
                    byte[] other = text.getBytes(StandardCharsets.ISO_8859_1);
                    return defineClass("dev.wren.client.ClassPathTest$Xoved", other, 0, other.length);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        };
        assertThatThrownBy(() -> ClassPath.of(none.loadClass("dev.wren.client.ClassPathTest$Xoved"), path -> false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ClassPathTest$Xoved comes from");
    }

    @Test
    void a_folder_is_the_same_jar_wherever_and_whenever() throws Exception {
        Path first = Files.createDirectories(folder.resolve("first"));
        Path second = Files.createDirectories(folder.resolve("deep/er/second"));
        for (String name : List.of("b/c.class", "a.txt", "b/a.class")) {
            Files.createDirectories(first.resolve(name).getParent());
            Files.writeString(first.resolve(name), name);
        }
        for (String name : List.of("a.txt", "b/a.class", "b/c.class")) {
            Files.createDirectories(second.resolve(name).getParent());
            Files.writeString(second.resolve(name), name);
            Files.setLastModifiedTime(second.resolve(name), FileTime.from(Instant.EPOCH));
        }
        CodeHashes hashes = CodeHashes.in(folder.resolve("cache"), clock);
        String hash = hashes.of(CodeEntry.of(first));
        assertThat(hashes.of(CodeEntry.of(second))).isEqualTo(hash);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodeEntry.of(first).write(bytes);
        Path jar = Files.write(folder.resolve("made.jar"), bytes.toByteArray());
        assertThat(Sha256.of(jar)).isEqualTo(hash);
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName)).containsExactly("a.txt", "b/a.class", "b/c.class");
        }
        Files.writeString(first.resolve("a.txt"), "other");
        assertThat(hashes.of(CodeEntry.of(first))).isNotEqualTo(hash);
    }

    @Test
    void hashes_are_known_in_the_next_run_and_a_damaged_file_is_no_matter() throws Exception {
        Path jar = jar("x.jar", Map.of(), Map.of("a", new byte[100]));
        Path cache = folder.resolve("cache");
        clock.advance(Duration.ofSeconds(9));
        CodeHashes hashes = CodeHashes.in(cache, clock);
        String hash = hashes.of(CodeEntry.of(jar));
        hashes.save();
        // A hash that is believed, and not made again.
        Path file = cache.resolve("hashes");
        Files.writeString(file, Files.readString(file).replace(hash, "f".repeat(64)) + "junk\n");
        assertThat(CodeHashes.in(cache, clock).of(CodeEntry.of(jar))).isEqualTo("f".repeat(64));
        Files.write(jar, new byte[]{1}, StandardOpenOption.APPEND);
        assertThat(CodeHashes.in(cache, clock).of(CodeEntry.of(jar))).isEqualTo(Sha256.of(jar));
        Files.delete(file);
        Files.createDirectory(file);
        CodeHashes none = CodeHashes.in(cache, clock);
        assertThat(none.of(CodeEntry.of(jar))).isEqualTo(Sha256.of(jar));
        none.save();
    }
}
