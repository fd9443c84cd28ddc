package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.protocol.jar.UnusableJarException;
import dev.wren.worker.UserJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Functions in jars as people build them, by the worker's own way from the jar to the value. */
class UserJarsTest {

    private static final String POINT = """
            import com.fasterxml.jackson.annotation.*;
            public class Points implements java.util.function.Function<Points.Point, Points.Point> {
                public static class Point {
                    private final int across;
                    @JsonIgnore public int hidden = 7;
                    @JsonCreator public Point(@JsonProperty("x-axis") int across) { this.across = across; }
                    @JsonProperty("x-axis") public int across() { return across; }
                }
                @Override public Point apply(Point point) { return new Point(point.across() + 1); }
            }
            """;
    private static final String SHAPES = """
            import com.fasterxml.jackson.annotation.*;
            import java.util.List;
            public class Shapes {
                @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
                @JsonSubTypes({@JsonSubTypes.Type(value = Circle.class, name = "circle"),
                        @JsonSubTypes.Type(value = Square.class, name = "square")})
                public sealed interface Shape permits Circle, Square {}
                public record Circle(double radius) implements Shape {}
                public record Square(double side) implements Shape {}
                public sealed interface Untold permits One, Two {}
                public record One(int a) implements Untold {}
                public record Two(int a) implements Untold {}
                public static List<Shape> both(Shape shape) { return List.of(shape, new Square(2)); }
                public static int untold(Untold one) { return 1; }
            }
            """;

    @TempDir
    private Path folder;

    private UserJar jar() {
        return new UserJar(folder);
    }

    private static String value(Path jar, String handler, String datum) {
        try (FunctionFixture functions = fixture(jar)) {
            return functions.value(handler, datum);
        }
    }

    private static FunctionFixture fixture(Path jar) {
        try {
            long _ = ClassPath.unpack(jar);
        } catch (IOException | UnusableJarException e) {
            throw new AssertionError(e);
        }
        return new FunctionFixture(jar);
    }

    @Test
    void annotations_are_honoured_where_the_jar_brings_no_jackson() {
        UserJar none = jar().source("Points", POINT).compiledWith(com.fasterxml.jackson.annotation.JsonProperty.class);
        assertThat(value(none.flat(), "own.Points", "{\"x-axis\":1}")).isEqualTo("{\"x-axis\":2}");
        UserJar annotations = jar().source("Points", POINT).with(com.fasterxml.jackson.annotation.JsonProperty.class);
        assertThat(value(annotations.flat(), "own.Points", "{\"x-axis\":1}")).isEqualTo("{\"x-axis\":2}");
        assertThat(value(annotations.lambda(), "own.Points", "{\"x-axis\":1}")).isEqualTo("{\"x-axis\":2}");
        try (FunctionFixture functions = fixture(annotations.flat())) {
            assertThat(functions.error("own.Points", "{\"x-axis\":\"1\"}").message())
                    .startsWith("the datum cannot be bound: ").endsWith(", at /x-axis");
            assertThat(functions.error("own.Points", "{\"x-axis\":1,\"z\":1}").code()).isEqualTo(ErrorCode.RUNTIME);
        }
    }

    @Test
    void sealed_types_say_which_they_are_or_what_to_do() {
        UserJar shapes = jar().source("Shapes", SHAPES).with(com.fasterxml.jackson.annotation.JsonProperty.class);
        try (FunctionFixture functions = fixture(shapes.flat())) {
            assertThat(functions.value("own.Shapes::both", "{\"kind\":\"circle\",\"radius\":1.5}")).isEqualTo(
                    "[{\"kind\":\"circle\",\"radius\":1.5},{\"kind\":\"square\",\"side\":2.0}]");
            assertThat(functions.error("own.Shapes::untold", "{\"a\":1}").message())
                    .contains("own.Shapes$Untold is sealed: with @JsonTypeInfo");
        }
    }

    @Test
    void a_jar_with_jackson_2_is_bound_by_it_as_strictly() {
        UserJar two = jar().source("Points", POINT).source("Shapes", SHAPES)
                .source("Nodes",
                        """
                                import com.fasterxml.jackson.databind.JsonNode;
                                import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
                                import java.math.BigDecimal;
                                public class Nodes {
                                    public static class Reader extends com.fasterxml.jackson.databind.deser.std.StdDeserializer<Odd> {
                                        public Reader() { super(Odd.class); }
                                        @Override public Odd deserialize(com.fasterxml.jackson.core.JsonParser p,
                                                com.fasterxml.jackson.databind.DeserializationContext c) throws java.io.IOException {
                                            return new Odd(p.getIntValue() * 2 + 1);
                                        }
                                    }
                                    @JsonDeserialize(using = Reader.class) public record Odd(int number) {}
                                    public static JsonNode node(JsonNode node) { return node.get("a"); }
                                    public static Odd odd(Odd odd) { return odd; }
                                    public static int number(int number) { return number; }
                                    public static double real(double real) { return real; }
                                    public static Object any(Object any) { return any; }
                                    public static double none(Object any) { return Double.NaN; }
                                    public static Object own(Object any) { throw new IllegalStateException("mine"); }
                                }
                                """)
                .with(com.fasterxml.jackson.databind.ObjectMapper.class)
                .with(com.fasterxml.jackson.core.JsonFactory.class)
                .with(com.fasterxml.jackson.annotation.JsonProperty.class);
        for (Path jar : List.of(two.flat(), two.lambda(), two.boot())) {
            try (FunctionFixture functions = fixture(jar)) {
                assertThat(functions.value("own.Points", "{\"x-axis\":1}")).isEqualTo("{\"x-axis\":2}");
                assertThat(functions.value("own.Nodes::node", "{\"a\":{\"b\":[1]}}")).isEqualTo("{\"b\":[1]}");
                assertThat(functions.value("own.Nodes::odd", "3")).isEqualTo("{\"number\":7}");
                assertThat(functions.value("own.Nodes::any", "[1.10,12345678901234567890]"))
                        .isEqualTo("[1.10,12345678901234567890]");
                assertThat(functions.value("own.Nodes::real", "5")).isEqualTo("5.0");
                assertThat(functions.value("own.Shapes::both", "{\"kind\":\"circle\",\"radius\":1.5}")).isEqualTo(
                        "[{\"kind\":\"circle\",\"radius\":1.5},{\"kind\":\"square\",\"side\":2.0}]");
                for (String wrong : List.of("\"5\"", "1.5", "true", "null", "2147483648", "5 6")) {
                    assertThat(functions.error("own.Nodes::number", wrong).message()).as(wrong)
                            .startsWith("the datum cannot be bound: ");
                }
                assertThat(functions.error("own.Points", "{\"x-axis\":1,\"z\":1}").message())
                        .startsWith("the datum cannot be bound: ").contains("\"z\"");
                assertThat(functions.error("own.Points", "{\"x-axis\":[]}").message()).endsWith(", at /x-axis");
                assertThat(functions.error("own.Nodes::none", "1").message())
                        .startsWith("the value cannot be written as JSON: ");
                assertThat(functions.error("own.Nodes::own", "1").type()).isEqualTo("java.lang.IllegalStateException");
                assertThat(functions.error("own.Shapes::untold", "{\"a\":1}").message()).contains("is sealed");
            }
        }
    }

    @Test
    void a_jar_with_jackson_3_is_bound_by_it_with_its_modules() {
        UserJar three = jar().source("Temperature", """
                public record Temperature(int degrees) {}
                """)
                .source("Broken", """
                        public class Broken extends tools.jackson.databind.module.SimpleModule {
                            @Override public void setupModule(SetupContext context) {
                                throw new IllegalStateException("of another version");
                            }
                        }
                        """).source("Weather",
                        """
                                import tools.jackson.core.*;
                                import tools.jackson.databind.*;
                                import tools.jackson.databind.module.SimpleModule;
                                import java.util.List;
                                public class Weather extends SimpleModule {
                                    public Weather() {
                                        super("weather");
                                        addDeserializer(Temperature.class, new ValueDeserializer<Temperature>() {
                                            @Override public Temperature deserialize(JsonParser p, DeserializationContext c) {
                                                return new Temperature(Integer.parseInt(p.getString().replace("C", "")));
                                            }
                                        });
                                    }
                                    public static int degrees(Temperature it) { return it.degrees(); }
                                    public static JsonNode node(JsonNode it) { return it; }
                                    public static float none(int it) { return Float.POSITIVE_INFINITY; }
                                    public static List<Temperature> many(List<Temperature> all) { return all; }
                                }
                                """)
                .with(tools.jackson.databind.json.JsonMapper.class).with(tools.jackson.core.json.JsonFactory.class)
                .with(com.fasterxml.jackson.annotation.JsonProperty.class);
        List<UserJar.Entry> entries = new ArrayList<>(UserJar.entries(three.lambda()));
        entries.add(UserJar.Entry.of("META-INF/services/tools.jackson.databind.JacksonModule",
                "own.Weather\nown.NoSuchModule\nown.Broken\n"));
        try (FunctionFixture functions = fixture(three.write(entries))) {
            assertThat(functions.value("own.Weather::degrees", "\"21C\"")).isEqualTo("21");
            assertThat(functions.value("own.Weather::many", "[\"21C\"]")).isEqualTo("[{\"degrees\":21}]");
            assertThat(functions.value("own.Weather::node", "{\"a\":1.50}")).isEqualTo("{\"a\":1.50}");
            assertThat(functions.error("own.Weather::none", "1").message())
                    .startsWith("the value cannot be written as JSON: ");
            assertThat(functions.error("own.Weather::none", "\"1\"").message())
                    .startsWith("the datum cannot be bound: ");
        }
    }

    @Test
    void what_only_looks_like_jackson_breaks_nothing() {
        UserJar fake = jar().source("Echo", """
                public class Echo implements java.util.function.Function<java.util.Map<String, Integer>, Object> {
                    @Override public Object apply(java.util.Map<String, Integer> x) {
                        return new com.fasterxml.jackson.annotation.JsonProperty().toString() + x;
                    }
                }
                """).with(fakes());
        assertThat(value(fake.flat(), "own.Echo", "{\"a\":1}")).isEqualTo("\"not Jackson{a=1}\"");
    }

    /** Classes with the names of Jackson's. */
    private Path fakes() {
        UserJar fakes = jar();
        fakes.source("Unused", "public class Unused {}");
        try {
            Path work = Files.createTempDirectory(folder, "fakes-");
            Path mapper = Files.writeString(work.resolve("ObjectMapper.java"),
                    "package com.fasterxml.jackson.databind; public class ObjectMapper {}");
            Path three = Files.createDirectories(work.resolve("three"));
            Path mapper3 = Files.writeString(three.resolve("ObjectMapper.java"),
                    "package tools.jackson.databind; public class ObjectMapper {}");
            Path property = Files.writeString(work.resolve("JsonProperty.java"),
                    "package com.fasterxml.jackson.annotation; public class JsonProperty {"
                            + " @Override public String toString() { return \"not Jackson\"; } }");
            Path classes = Files.createDirectory(work.resolve("classes"));
            assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(),
                    mapper.toString(), mapper3.toString(), property.toString())).isZero();
            List<UserJar.Entry> entries = new ArrayList<>();
            try (var files = Files.walk(classes)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    entries.add(new UserJar.Entry(classes.relativize(file).toString(), Files.readAllBytes(file)));
                }
            }
            return fakes.write(entries);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void of_two_entries_of_one_name_the_first_is_taken() {
        UserJar source = jar().source("License", """
                public class License implements java.util.function.Function<String, String> {
                    @Override public String apply(String name) {
                        try (java.io.InputStream in = License.class.getResourceAsStream("/META-INF/LICENSE")) {
                            return new String(in.readAllBytes());
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    }
                }
                """);
        List<UserJar.Entry> entries = new ArrayList<>(source.classes());
        entries.add(UserJar.Entry.of("META-INF/LICENSE", "first"));
        entries.add(UserJar.Entry.of("META-INF/LICENSE", "second"));
        entries.add(UserJar.Entry.of("META-INF/NOTICE", "more"));
        assertThat(value(source.write(entries), "own.License", "\"x\"")).isEqualTo("\"first\"");
    }

    @Test
    void libraries_of_boot_come_in_the_order_of_the_index_and_after_the_classes() {
        Path one = jar().source("Which", "public class Which { public static String is() { return \"one\"; } }").flat();
        Path two = jar().source("Which", "public class Which { public static String is() { return \"two\"; } }").flat();
        UserJar uses = jar().source("Uses",
                "public class Uses { public static String which(int x) { return Which.is(); } }").with(one);
        List<UserJar.Entry> entries = new ArrayList<>();
        uses.classes().forEach(entry -> entries.add(new UserJar.Entry("BOOT-INF/classes/" + entry.name(),
                entry.bytes())));
        for (Path each : List.of(one, two)) {
            try {
                entries.add(new UserJar.Entry("BOOT-INF/lib/" + (each == one ? "one" : "two") + ".jar",
                        Files.readAllBytes(each)));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        assertThat(value(uses.write(entries), "own.Uses::which", "1")).isEqualTo("\"one\"");
        entries.add(
                UserJar.Entry.of("BOOT-INF/classpath.idx", "- \"BOOT-INF/lib/two.jar\"\n- \"BOOT-INF/lib/one.jar\"\n"));
        assertThat(value(uses.write(entries), "own.Uses::which", "1")).isEqualTo("\"two\"");
        entries.add(new UserJar.Entry("BOOT-INF/classes/own/Which.class", new UserJar(folder)
                .source("Which", "public class Which { public static String is() { return \"own\"; } }").classes()
                .getFirst().bytes()));
        assertThat(value(uses.write(entries), "own.Uses::which", "1")).isEqualTo("\"own\"");
    }
}
