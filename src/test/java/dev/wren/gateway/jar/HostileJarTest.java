package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class HostileJarTest {

    private static final int LOCAL = 0x04034b50;
    private static final int DIRECTORY = 0x02014b50;
    private static final int END = 0x06054b50;

    private final JarSettings limits = new JarSettings(DataSize.ofMegabytes(1), 10, DataSize.ofMegabytes(1), 9,
            DataSize.ofMegabytes(9), 1, null,
            DataSize.ofMegabytes(1));

    @TempDir
    Path folder;

    @Test
    void takes_an_ordinary_jar() {
        assertThatCode(() -> check(JarFixture.zip(HostileJarTest::threeEntries))).doesNotThrowAnyException();
    }

    private static void threeEntries(ZipOutputStream out) throws IOException {
        for (String name : new String[]{"META-INF/", "META-INF/MANIFEST.MF", "a/B$C.class"}) {
            out.putNextEntry(new ZipEntry(name));
            if (name.endsWith("MF")) {
                out.write("Manifest-Version: 1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    /** A script before the zip is how Spring Boot makes executable jars. */
    @Test
    void takes_ajar_behind_ascript() {
        byte[] jar = JarFixture.jar("text");
        byte[] script = "#!/bin/sh\n".getBytes(StandardCharsets.UTF_8);
        byte[] both = Arrays.copyOf(script, script.length + jar.length);
        System.arraycopy(jar, 0, both, script.length, jar.length);
        assertThatCode(() -> check(both)).doesNotThrowAnyException();
    }

    @Test
    void refuses_what_is_no_zip() {
        refuses(new byte[0], "no zip file");
        refuses("<html>a page of some proxy, longer than an end record</html>".getBytes(StandardCharsets.UTF_8),
                "no zip file");
    }

    @Test
    void refuses_ajar_that_is_cut_off_anywhere() {
        byte[] jar = JarFixture.zip(HostileJarTest::threeEntries);
        for (int length = 0; length < jar.length; length++) {
            refuses(Arrays.copyOf(jar, length), "not a usable jar");
        }
    }

    @Test
    void refuses_ajar_without_entries() {
        refuses(JarFixture.zip(out -> {
        }), "no entries");
    }

    @Test
    void refuses_too_many_entries() {
        refuses(JarFixture.zip(out -> {
            for (int i = 0; i < 11; i++) {
                out.putNextEntry(new ZipEntry("entry" + i));
            }
        }), "11 entries; 10 are allowed");
    }

    @Test
    void refuses_an_end_that_counts_fewer_entries_than_there_are() {
        byte[] jar = JarFixture.zip(HostileJarTest::threeEntries);
        int end = find(jar, END, 0);
        patch(jar).putShort(end + 8, (short) 1).putShort(end + 10, (short) 1);
        refuses(jar, "has not the 1 entries");
    }

    @Test
    void refuses_adirectory_larger_than_the_file() {
        byte[] jar = JarFixture.jar("text");
        patch(jar).putInt(find(jar, END, 0) + 12, 0x7fffffff);
        refuses(jar, "directory has 2147483647 bytes");
    }

    /** 20 MB of zeros deflate to 20 KB. */
    @Test
    void refuses_abomb() {
        refuses(JarFixture.zip("zeros", new byte[20 << 20]), "unpacked it has more than 1048576 bytes");
    }

    @Test
    void counts_bytes_and_does_not_believe_the_directory() {
        byte[] jar = JarFixture.zip("zeros", new byte[20 << 20]);
        patch(jar).putInt(find(jar, DIRECTORY, 0) + 24, 5);
        refuses(jar, "unpacked it has more than 1048576 bytes");
    }

    @Test
    void refuses_asize_that_is_not_true() {
        byte[] jar = JarFixture.jar("some text");
        patch(jar).putInt(find(jar, DIRECTORY, 0) + 24, 5);
        refuses(jar, "not what the jar's directory says");
    }

    @Test
    void refuses_content_of_another_checksum() {
        byte[] jar = JarFixture.stored("entry", "some text".getBytes(StandardCharsets.UTF_8));
        jar[30 + "entry".length()] ^= 1;
        refuses(jar, "not what the jar's directory says");
    }

    @Test
    void refuses_two_classes_of_one_name_and_nothing_else() {
        refuses(twice("One.class"), "two entries have the name One.class");
        assertThatCode(() -> check(twice("META-INF/LICENSE"))).doesNotThrowAnyException();
    }

    private static byte[] twice(String name) {
        byte[] first = name.getBytes(StandardCharsets.UTF_8);
        byte[] jar = JarFixture.zip(out -> {
            out.putNextEntry(new ZipEntry(name));
            out.putNextEntry(new ZipEntry("x".repeat(first.length)));
        });
        int second = find(jar, DIRECTORY, find(jar, DIRECTORY, 0) + 4);
        System.arraycopy(first, 0, jar, second + 46, first.length);
        return jar;
    }

    @Test
    void refuses_an_encrypted_entry() {
        byte[] jar = JarFixture.jar("text");
        int header = find(jar, DIRECTORY, 0);
        patch(jar).putShort(header + 8, (short) (patch(jar).getShort(header + 8) | 1));
        refuses(jar, "encrypted");
    }

    @Test
    void refuses_amethod_that_java_cannot_unpack() {
        byte[] jar = JarFixture.jar("text");
        patch(jar).putShort(find(jar, DIRECTORY, 0) + 10, (short) 93);
        refuses(jar, "method 93");
    }

    @Test
    void refuses_an_entry_that_is_not_where_it_says() {
        byte[] jar = JarFixture.jar("text");
        patch(jar).putInt(find(jar, LOCAL, 0), 0);
        refuses(jar, "damaged");
    }

    @Test
    void refuses_something_behind_the_end() {
        byte[] jar = JarFixture.jar("text");
        refuses(Arrays.copyOf(jar, jar.length + 1), "follows its end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../../etc/passwd", "a/../../b", "a/..", "..", "./a", "a\\b", "C:\\a",
            "a\nb",
            "a\u0000b", "a\u007f"})
    void refuses_absurd_names(String name) {
        refuses(JarFixture.zip(name, new byte[0]), "which no jar tool gives");
    }

    @Test
    void refuses_aname_that_is_very_long() {
        refuses(JarFixture.zip("a".repeat(1025), new byte[0]), "a".repeat(80) + "…");
    }

    @ParameterizedTest
    @ValueSource(strings = {"META-INF/MANIFEST.MF", "meta-inf/manifest.mf"})
    void refuses_amanifest_that_java_cannot_read(String name) {
        refuses(JarFixture.zip(name, "no colon\n".getBytes(StandardCharsets.UTF_8)), "damaged (invalid header field");
    }

    @Test
    void takes_more_entries_than_sixteen_bits_count() throws IOException {
        byte[] jar = JarFixture.zip(out -> {
            for (int i = 0; i < 70_000; i++) {
                out.putNextEntry(new ZipEntry(Integer.toString(i)));
            }
        });
        Path file = Files.write(folder.resolve("jar"), jar);
        JarSettings many = new JarSettings(DataSize.ofMegabytes(100), 70_000, DataSize.ofMegabytes(1), 9,
                DataSize.ofMegabytes(9), 1, null,
                DataSize.ofMegabytes(1));
        assertThatCode(() -> HostileJar.check(file, many)).doesNotThrowAnyException();
        assertThatThrownBy(() -> HostileJar.check(file, limits)).hasMessageContaining("70000 entries; 10 are allowed");
    }

    /** Whatever one byte is changed to, the answer is a refusal or a jar that Java reads to its end. */
    @Test
    void survives_every_change_of_abyte() throws IOException {
        byte[] jar = JarFixture.zip(HostileJarTest::threeEntries);
        for (int at = 0; at < jar.length; at++) {
            for (int change : new int[]{0x01, 0x80, 0xff}) {
                byte[] changed = jar.clone();
                changed[at] ^= (byte) change;
                if (isTaken(changed)) {
                    readWithJava(changed);
                }
            }
        }
    }

    private boolean isTaken(byte[] jar) throws IOException {
        try {
            check(jar);
            return true;
        } catch (ProblemException e) {
            assertThat(e.type()).isEqualTo(ProblemType.INVALID_JAR);
            return false;
        }
    }

    private void readWithJava(byte[] jar) throws IOException {
        Path file = Files.write(folder.resolve("taken"), jar);
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(ZipEntry.class::cast)::iterator) {
                assertThat(zip.getInputStream(entry).readAllBytes()).hasSize((int) entry.getSize());
            }
        }
    }

    private void refuses(byte[] jar, String reason) {
        assertThatThrownBy(() -> check(jar)).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.type()).isEqualTo(ProblemType.INVALID_JAR);
            assertThat(e.detail()).startsWith("The body is not a usable jar: ").contains(reason);
        });
    }

    private void check(byte[] jar) throws IOException {
        HostileJar.check(Files.write(folder.resolve("jar"), jar), limits);
    }

    private static ByteBuffer patch(byte[] jar) {
        return ByteBuffer.wrap(jar).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int find(byte[] jar, int signature, int from) {
        for (int at = from; at <= jar.length - 4; at++) {
            if (patch(jar).getInt(at) == signature) {
                return at;
            }
        }
        throw new IllegalStateException("no such record");
    }
}
