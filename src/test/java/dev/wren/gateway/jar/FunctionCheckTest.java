package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

class FunctionCheckTest {

    private static final String SOURCE = """
            import java.util.function.*;
            import java.util.*;
            class Hidden implements Function<Integer, Integer> { public Integer apply(Integer n) { return n; } }
            class Out { public static class In implements Function<Integer, Integer> {
                public Integer apply(Integer n) { return n; } } }
            abstract class Base<T> implements Function<T, T> { public T shout(T t) { return t; } }
            public class F extends Base<String> {
                static { if (true) throw new IllegalStateException("initialised"); }
                public String apply(String s) { return s; }
                public static int one(int n) { return n; }
                public static int two(int n, Map<String, Object> context) { return n; }
                public static int wrongTwo(int n, String context) { return n; }
                public static int none() { return 0; }
                public static int three(int a, int b, int c) { return 0; }
                public static int many(int n) { return n; }
                public static int many(String n) { return 0; }
                static int secret(int n) { return n; }
                public static class Nested implements Function<Integer, Integer> {
                    public Integer apply(Integer n) { return n; } }
                public class Inner implements Function<Integer, Integer> {
                    public Integer apply(Integer n) { return n; } }
                public static abstract class Abstract implements Function<Integer, Integer> { }
                public static class Argument implements Function<Integer, Integer> {
                    public Argument(int n) { } public Integer apply(Integer n) { return n; } }
                public static class Plain { public int run(int n) { return n; } }
            }
            """;

    private final FunctionCheck check = new FunctionCheck();

    @TempDir
    private Path folder;

    private LocalJar jar() throws IOException {
        Path source = Files.writeString(folder.resolve("F.java"), SOURCE);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(),
                source.toString())).isZero();
        Map<String, byte[]> entries = new TreeMap<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.toList()) {
                entries.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        byte[] newer = entries.get("F$Nested.class").clone();
        newer[7] = 80;
        entries.put("Newer.class", newer);
        entries.put("Damaged.class", new byte[]{(byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, 0, 0, 0, 60, 9});
        return new LocalJar(write("f.jar", entries), "0".repeat(64), () -> {
        });
    }

    private Path write(String name, Map<String, byte[]> entries) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return file;
    }

    @Test
    void handlers_that_can_be_used() throws IOException {
        LocalJar jar = jar();
        for (String handler : List.of("F", "F$Nested", "F::one", "F::two", "F$Plain::run", "F::shout")) {
            assertThatCode(() -> check.check(jar, handler, List.of())).as(handler).doesNotThrowAnyException();
        }
    }

    @Test
    void handlers_that_cannot() throws IOException {
        LocalJar jar = jar();
        Map<String, String> why = Map.ofEntries(Map.entry("G", "no class G"), Map.entry("Hidden", "not public"),
                Map.entry("Out$In", "is in Out, which is not public"), Map.entry("F$Inner", "constructor"),
                Map.entry("F$Abstract", "abstract"), Map.entry("F$Argument", "constructor"),
                Map.entry("F$Plain", "none of"), Map.entry("F::nope", "no public method nope; it has"),
                Map.entry("F::secret", "no public method secret"), Map.entry("F::many", "2 public methods"),
                Map.entry("F::none", "0 parameters"), Map.entry("F::three", "3 parameters"),
                Map.entry("F::wrongTwo", "java.util.Map"), Map.entry("Newer", "Java 36"),
                Map.entry("Damaged", "damaged"), Map.entry("F..x", "A handler is"), Map.entry("F::", "A handler is"));
        why.forEach((handler, reason) -> assertThatThrownBy(() -> check.check(jar, handler, List.of())).as(handler)
                .isInstanceOfSatisfying(ProblemException.class, problem -> {
                    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_FUNCTION);
                    assertThat(problem.detail()).contains(reason);
                    assertThat(problem.errors().getFirst().pointer()).isEqualTo("/function/handler");
                }));
    }

    @Test
    void hostile_jars_are_refused() throws IOException {
        JarSettings limits = new JarSettings(DataSize.ofMegabytes(10), 5, DataSize.ofKilobytes(100), null,
                DataSize.ofMegabytes(10));
        Map<String, byte[]> many = new TreeMap<>();
        for (int i = 0; i < 6; i++) {
            many.put("e" + i, new byte[1]);
        }
        Path good = write("good.jar", Map.of("../../etc/passwd", new byte[10]));
        assertThatCode(() -> HostileJar.check(good, limits)).doesNotThrowAnyException();
        Path truncated = Files.write(folder.resolve("cut.jar"),
                java.util.Arrays.copyOf(Files.readAllBytes(good), 60));
        for (Path bad : List.of(write("many.jar", many), write("bomb.jar", Map.of("bomb", new byte[200_000])),
                truncated,
                write("empty.jar", Map.of()), Files.write(folder.resolve("text.jar"), new byte[]{1, 2, 3}))) {
            assertThatThrownBy(() -> HostileJar.check(bad, limits)).as(bad.toString())
                    .isInstanceOfSatisfying(ProblemException.class,
                            problem -> assertThat(problem.type()).isEqualTo(ProblemType.INVALID_JAR));
        }
    }
}
