package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.module.kotlin.KotlinModule;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.worker.UserJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Functions of Kotlin, as its compiler makes them. */
class KotlinFunctionsTest {

    @TempDir
    private static Path folder;
    private static FunctionFixture functions;

    @BeforeAll
    static void open() throws Exception {
        functions = new FunctionFixture(jar(folder));
    }

    /** The functions, with the libraries of theirs in {@code lib}. */
    static Path jar(Path folder) throws Exception {
        List<UserJar.Entry> entries = new ArrayList<>(UserJar.entries(Path.of(
                KotlinFunctionsTest.class.getResource("/kotlin/kotlin-functions.jar").toURI())));
        for (Class<?> type : List.of(kotlin.Unit.class, kotlin.reflect.full.KClasses.class,
                KotlinModule.class, ObjectMapper.class, JsonFactory.class, JsonProperty.class)) {
            Path library = UserJar.jarOf(type);
            entries.add(new UserJar.Entry("lib/" + library.getFileName(), Files.readAllBytes(library)));
        }
        Path jar = new UserJar(folder).write(entries);
        assertThat(ClassPath.unpack(jar)).isPositive();
        return jar;
    }

    @AfterAll
    static void close() {
        functions.close();
    }

    @Test
    void an_object_is_its_own_instance() {
        assertThat(functions.value("kt.Greeter::greet", "{\"name\":\"Ada\",\"age\":36}"))
                .isEqualTo("\"hello Ada, 36\"");
        assertThat(functions.value("kt.Doubler", "4")).isEqualTo("8");
        assertThat(functions.value("kt.Factory$Companion::make", "\"Ada\""))
                .isEqualTo("{\"name\":\"Ada\",\"age\":18,\"tags\":[]}");
        assertThat(functions.value("kt.FunctionsKt::top", "4")).isEqualTo("5");
    }

    @Test
    void data_classes_are_bound_by_the_module_that_the_jar_brings() {
        assertThat(functions.value("kt.Greeter::greet", "{\"name\":\"Ada\"}")).isEqualTo("\"hello Ada, 18\"");
        assertThat(functions.value("kt.Older", "{\"name\":\"Ada\",\"tags\":[\"x\"]}"))
                .isEqualTo("{\"name\":\"Ada\",\"age\":19,\"tags\":[\"x\"]}");
        assertThat(functions.error("kt.Older", "{\"age\":1}").message()).startsWith("the datum cannot be bound: ");
    }

    @Test
    void functions_of_one_parameter_are_functions() {
        assertThat(functions.value("kt.Quiet", "4")).isEqualTo("null");
        assertThat(functions.error("kt.Twice", "4").message()).contains("name a method as kt.Twice::method");
    }
}
