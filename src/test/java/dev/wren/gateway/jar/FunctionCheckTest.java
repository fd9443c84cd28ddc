package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FunctionCheckTest {

    private static final String FUNCTION = "java.util.function.Function<String, Integer>";

    private static final Map<String, String> SOURCES = Map.ofEntries(
            Map.entry("p/Fn", "public class Fn implements " + FUNCTION + " {"
                    + " static { if (true) throw new Error(\"initialised\"); }"
                    + " public Integer apply(String x) { return 1; } }"),
            Map.entry("p/Bi", "public class Bi implements java.util.function.BiFunction<String, Object, String> {"
                    + " public String apply(String x, Object y) { return x; } }"),
            Map.entry("p/Unary", "public class Unary implements java.util.function.UnaryOperator<String> {"
                    + " public String apply(String x) { return x; } }"),
            Map.entry("p/Handler",
                    "public class Handler implements com.amazonaws.services.lambda.runtime.RequestHandler<String, String>"
                            + " { public String handleRequest(String x,"
                            + " com.amazonaws.services.lambda.runtime.Context c) { return x; } }"),
            Map.entry("p/Base", "abstract class Base<T> implements java.util.function.Function<T, T> {"
                    + " public T inherited(T x) { return x; }"
                    + " public T replaced(T x) { return x; } }"),
            Map.entry("p/Sub", "public class Sub extends Base<String> {"
                    + " public String apply(String x) { return x; }"
                    + " @Override public String replaced(String x) { return x; } }"),
            Map.entry("p/Hidden", "class Hidden implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } }"),
            Map.entry("p/Abstract", "public abstract class Abstract implements " + FUNCTION + " {"
                    + " public static int fixed(int x) { return x; } public int own(int x) { return x; } }"),
            Map.entry("p/Itf", "public interface Itf extends " + FUNCTION + " {"
                    + " static int fixed(int x) { return x; } default int own(int x) { return x; } }"),
            Map.entry("p/OfItf", "public class OfItf implements Itf {"
                    + " public Integer apply(String x) { return 1; } }"),
            Map.entry("p/NoConstructor", "public class NoConstructor implements " + FUNCTION + " {"
                    + " public NoConstructor(int n) { } NoConstructor() { }"
                    + " public Integer apply(String x) { return 1; }"
                    + " public static int fixed(int x) { return x; } }"),
            Map.entry("p/Plain", "public class Plain { public int one(int x) { return x; }"
                    + " public int none() { return 1; } public int three(int x, int y, int z) { return x; }"
                    + " public int two(int x, java.util.Map<String, Object> y) { return x; }"
                    + " public int twoWrong(int x, java.util.HashMap<String, Object> y) { return x; }"
                    + " public int several(int x) { return x; } public int several(long x) { return 1; }"
                    + " public int oneOfTwo(int x) { return x; } int oneOfTwo(long x) { return 1; }"
                    + " int packaged(int x) { return x; } protected int guarded(int x) { return x; }"
                    + " public int notify(int x) { return x; }"
                    + " public java.util.concurrent.Callable<Integer> lambda(int x) { return () -> x; } }"),
            Map.entry("p/Many", many()),
            Map.entry("p/Outer", "public class Outer { public static class Nested implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } }"
                    + " public class Inner implements " + FUNCTION + " { public Integer apply(String x) { return 1; } }"
                    + " private static class Private implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } public Private() { } }"
                    + " protected static class Protected { public static class Deep implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } } } }"),
            Map.entry("p/Record", "public record Record() implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } }"),
            Map.entry("p/Choice", "public enum Choice { A; public static int fixed(int x) { return x; }"
                    + " public int own(int x) { return x; } }"),
            Map.entry("p/Größe", "public class Größe { public int über(int x) { return x; } }"),
            Map.entry("q/Other", "public class Other implements " + FUNCTION + " {"
                    + " public Integer apply(String x) { return 1; } }"));

    private final FunctionCheck check = new FunctionCheck(new Inspections());
    private final Map<String, byte[]> classes = new LinkedHashMap<>();
    private int jars;

    @TempDir
    static Path folder;

    private static String many() {
        StringBuilder text = new StringBuilder("public class Many { ");
        for (char name = 'a'; name <= 'z'; name++) {
            text.append("public int ").append(name).append("(int x) { return x; } ");
        }
        return text.append("}").toString();
    }

    @BeforeAll
    void compile() throws IOException {
        classes.putAll(compile(SOURCES, "--release", "25"));
    }

    private Map<String, byte[]> compile(Map<String, String> sources, String... options) throws IOException {
        Path source = Files.createTempDirectory(folder, "source");
        Path target = Files.createTempDirectory(folder, "classes");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("-encoding", "UTF-8", "-proc:none", "-d", target.toString(), "-cp",
                System.getProperty("java.class.path")));
        for (Map.Entry<String, String> each : sources.entrySet()) {
            Path file = source.resolve(each.getKey() + ".java");
            Files.createDirectories(file.getParent());
            String name = each.getKey().substring(0, each.getKey().lastIndexOf('/')).replace('/', '.');
            arguments.add(Files.writeString(file, "package " + name + "; " + each.getValue()).toString());
        }
        assertThat(compiler.run(null, null, null, arguments.toArray(String[]::new))).isZero();
        Map<String, byte[]> compiled = new LinkedHashMap<>();
        try (Stream<Path> files = Files.walk(target)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                compiled.put(target.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return compiled;
    }

    @ParameterizedTest
    @ValueSource(strings = {"p.Fn", "p.Bi", "p.Unary", "p.Handler", "p.Sub", "p.OfItf", "p.Outer$Nested", "p.Record",
            "p.Fn::apply", "p.Sub::apply", "p.Sub::inherited", "p.Sub::replaced",
            "p.Plain::one", "p.Plain::two", "p.Plain::oneOfTwo", "p.Plain::lambda", "p.Itf::fixed", "p.OfItf::own",
            "p.Abstract::fixed", "p.NoConstructor::fixed", "p.Choice::fixed", "p.Größe::über", "java.lang.Math::sqrt"})
    void takes(String handler) {
        assertThatCode(() -> check.check(local(classes), handler, 0, List.of())).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            p.Missing               | There is no class p.Missing in the jar.
            Fn                      | There is no class Fn in the jar.
            p.fn                    | There is no class p.fn in the jar.
            p.Outer.Nested          | There is no class p.Outer.Nested in the jar; there is p.Outer$Nested.
            p.Hidden                | The class p.Hidden is not public.
            p.Hidden::apply         | The class p.Hidden is not public.
            p.Outer$Private         | The class p.Outer$Private is not public.
            p.Outer$Protected$Deep  | is in p.Outer$Protected, which is not public.
            p.Outer$Inner           | as it is an inner class; make it static.
            p.Abstract              | is abstract.
            p.Abstract::own         | is abstract.
            p.Itf                   | is an interface
            p.Itf::own              | is an interface
            p.OfItf::fixed          | has no public method fixed; it has apply, own.
            p.NoConstructor         | has no public constructor without parameters.
            p.NoConstructor::apply  | has no public constructor without parameters.
            p.Choice::own           | has no public constructor without parameters.
            p.Plain                 | is none of java.util.function.Function, BiFunction
            p.Plain::missing        | has no public method missing; it has lambda, none, notify, one, oneOfTwo, several
            p.Plain::packaged       | has no public method packaged
            p.Plain::guarded        | has no public method guarded
            p.Plain::lambda$lambda$0 | has no public method
            p.Plain::none           | has 0 parameters
            p.Plain::three          | has 3 parameters
            p.Plain::twoWrong       | must be a java.util.Map<String, Object>, or a Context
            p.Bi::apply             | The second parameter of apply must be a java.util.Map<String, Object>, or a
            p.Plain::several        | has 2 public methods several
            p.Plain::notify         | has 2 public methods notify
            p.Many::none            | has no public method none; it has a, b, c, d, e, f, g, h, i, j, …
            """)
    void what_is_no_function_is_refused_with_the_reason(String handler, String reason) {
        refuses(handler, reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "::", "p.", ".Fn", "p..Fn", "p.Fn::", "::apply", "p.Fn::a::b", "p.Fn:apply",
            "p/Fn", "p.Fn.class ", "p.Fn::a.b", "p.Fn::<init>", "../p.Fn", "p.1Fn", "[Lp.Fn;", "p.F\u0000n",
            "p.Fn::a(x)"})
    void refuses_what_is_no_handler(String handler) {
        refuses(handler, "A handler is pkg.Class");
    }

    @Test
    void refuses_avery_long_handler() {
        refuses("p.".repeat(100_000) + "Fn", "A handler is pkg.Class");
    }

    @ParameterizedTest
    @ValueSource(strings = {"q", "q.", "q.*", "q.Other"})
    void excluded_packages_are_not_looked_for_in_the_jar(String excluded) {
        refuses("q.Other", List.of(excluded), "is one of excludeModules");
        assertThatCode(() -> check.check(local(classes), "p.Fn", 0, List.of(excluded))).doesNotThrowAnyException();
    }

    @Test
    void a_prefix_ends_with_aname() {
        for (String excluded : List.of("", "*", "q.Oth", "r")) {
            assertThatCode(() -> check.check(local(classes), "q.Other", 0, List.of(excluded)))
                    .doesNotThrowAnyException();
        }
        refuses("p.Outer$Nested", List.of("p.Outer"), "is one of excludeModules");
    }

    /** What a class loader delegates to the platform cannot be had from a jar. */
    @Test
    void the_jdks_classes_win() {
        Map<String, byte[]> more = new LinkedHashMap<>(classes);
        more.put("java/util/function/UnaryOperator.class", new byte[]{1});
        more.put("java/own/Fn.class", classes.get("p/Fn.class"));
        assertThatCode(() -> check.check(local(more), "p.Unary", 0, List.of())).doesNotThrowAnyException();
        refuses(more, "java.own.Fn", "There is no class java.own.Fn");
    }

    @Test
    void says_which_java_anewer_class_is_of() {
        refuses(with("p/Fn.class", version(70, 0)), "p.Fn",
                "The class p.Fn was compiled for Java 26; workers have Java 25.");
        refuses(with("p/Base.class", version(70, 0)), "p.Sub", "The class p.Base was compiled for Java 26");
        refuses(with("p/Fn.class", version(69, 0xffff)), "p.Fn", "uses preview features of Java 25");
    }

    private byte[] version(int major, int minor) {
        byte[] changed = classes.get("p/Fn.class").clone();
        ByteBuffer.wrap(changed).putShort(4, (short) minor).putShort(6, (short) major);
        return changed;
    }

    @Test
    void takes_aclass_of_the_unnamed_package() throws IOException {
        Path source = Files.writeString(Files.createTempDirectory(folder, "unnamed").resolve("Alone.java"),
                "public class Alone { public int one(int x) { return x; } }");
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", source.toString()))
                .isZero();
        LocalJars jar = local(Map.of("Alone.class", Files.readAllBytes(source.resolveSibling("Alone.class"))));
        assertThatCode(() -> check.check(jar, "Alone::one", 0, List.of())).doesNotThrowAnyException();
    }

    @Test
    void takes_classes_of_older_java() throws IOException {
        assertThatCode(() -> check.check(local(compile(Map.of("p/Fn", SOURCES.get("p/Fn")), "--release", "8",
                "-Xlint:-options")), "p.Fn", 0, List.of())).doesNotThrowAnyException();
    }

    @Test
    void refuses_aclass_that_is_cut_off_anywhere() throws IOException {
        byte[] whole = classes.get("p/Plain.class");
        for (int length = 0; length < whole.length; length += 7) {
            refuses(with("p/Plain.class", Arrays.copyOf(whole, length)), "p.Plain::one", "");
        }
        refuses(with("p/Plain.class", "no class at all".getBytes(StandardCharsets.UTF_8)), "p.Plain::one",
                "The class file of p.Plain is damaged.");
    }

    /** Whatever one byte is changed to, the answer is a yes or a no about the function. */
    @Test
    void survives_every_change_of_abyte() throws IOException {
        byte[] whole = classes.get("p/Sub.class");
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= (byte) 0xff;
            try {
                check.check(local(with("p/Sub.class", changed)), "p.Sub::replaced", 0, List.of());
            } catch (ProblemException e) {
                assertThat(e.type()).isEqualTo(ProblemType.INVALID_FUNCTION);
            }
        }
    }

    @Test
    void a_class_in_the_wrong_place_is_not_found() {
        refuses(with("r/Fn.class", classes.get("p/Fn.class")), "r.Fn", "There is no class r.Fn");
    }

    @Test
    void survives_classes_that_extend_one_another() throws IOException {
        Map<String, byte[]> first = compile(Map.of("c/A", "public class A extends B { }", "c/B", "public class B { }"));
        Map<String, byte[]> second = compile(
                Map.of("c/B", "public class B extends A { }", "c/A", "public class A { }"));
        first.put("c/B.class", second.get("c/B.class"));
        refuses(first, "c.A", "is none of java.util.function.Function");
    }

    @Test
    void takes_the_version_of_amulti_release_jar_that_workers_take() throws IOException {
        byte[] good = classes.get("p/Fn.class");
        byte[] bad = compile(Map.of("p/Fn", "public class Fn { }")).get("p/Fn.class");
        Map<String, byte[]> versions = new LinkedHashMap<>();
        versions.put("META-INF/MANIFEST.MF",
                "Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        versions.put("p/Fn.class", bad);
        versions.put("META-INF/versions/9/p/Fn.class", bad);
        versions.put("META-INF/versions/25/p/Fn.class", good);
        versions.put("META-INF/versions/26/p/Fn.class", bad);
        assertThatCode(() -> check.check(local(versions), "p.Fn", 0, List.of())).doesNotThrowAnyException();

        versions.put("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        refuses(versions, "p.Fn", "is none of");
    }

    @Test
    void remembers_what_is_good_by_content_handler_and_excluded_packages() throws IOException {
        FunctionCheck own = new FunctionCheck(new Inspections());
        LocalJars jar = local(classes);
        own.check(jar, "p.Fn", 0, List.of());
        Files.delete(jar.jars().getFirst().path());
        assertThatCode(() -> own.check(jar, "p.Fn", 0, List.of())).doesNotThrowAnyException();
        assertThatThrownBy(() -> own.check(jar, "p.Bi", 0, List.of())).isNotInstanceOf(ProblemException.class);
        assertThatThrownBy(() -> own.check(jar, "p.Fn", 0, List.of("q"))).isNotInstanceOf(ProblemException.class);
    }

    private Map<String, byte[]> with(String name, byte[] bytes) {
        Map<String, byte[]> changed = new LinkedHashMap<>(classes);
        changed.put(name, bytes);
        return changed;
    }

    private LocalJars local(Map<String, byte[]> entries) throws IOException {
        byte[] jar = JarFixture.zip(out -> {
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(each.getKey()));
                out.write(each.getValue());
            }
        });
        Path file = Files.write(folder.resolve("jar" + jars++), jar);
        return new LocalJars(List.of(new LocalJar(file, JarFixture.sha256(jar), () -> {
        })));
    }

    private void refuses(String handler, String reason) {
        refuses(handler, List.of(), reason);
    }

    private void refuses(String handler, List<String> excludeModules, String reason) {
        refuses(classes, handler, excludeModules, reason);
    }

    private void refuses(Map<String, byte[]> entries, String handler, String reason) {
        refuses(entries, handler, List.of(), reason);
    }

    private void refuses(Map<String, byte[]> entries, String handler, List<String> excludeModules, String reason) {
        assertThatThrownBy(() -> check.check(local(entries), handler, 0, excludeModules))
                .isInstanceOfSatisfying(ProblemException.class, e -> {
                    assertThat(e.type()).isEqualTo(ProblemType.INVALID_FUNCTION);
                    assertThat(e.detail()).contains(reason);
                    assertThat(e.errors()).extracting(ProblemException.FieldError::pointer)
                            .containsExactly("/function/handler");
                });
    }
}
