package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.worker.UserJar;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What functions may rely on beside that, on every executor whose workers are the project's own. */
abstract class WorkerContract extends ExecutorContract {

    @Test
    void a_function_finds_its_classes_in_threads_of_the_jdk() {
        assertThat(results(shared().http(), "fn", "fn.JdkThreads::blind", "[1,2]")).isEqualTo("[[],[]]");
    }

    @Test
    void temporary_files_go_with_the_callset() {
        Http http = shared().http();
        List<String> data = Collections.nCopies(8, "1");
        JsonNode folders = Http.JSON.readTree(results(http, "fn", "fn.Temporary::leave", data.toString()));
        assertThat(folders.valueStream()).allSatisfy(each -> assertThat(each).hasSize(1))
                .allSatisfy(each -> assertThat(each.get(0).asString())
                        .isNotEqualTo(System.getProperty("java.io.tmpdir")));
        assertThat(Http.JSON.readTree(results(http, "fn", "fn.Temporary::look", data.toString())).valueStream())
                .allSatisfy(each -> assertThat(each).isEmpty());
    }

    /** In Lambda's layout, with Jackson 2 among the libraries: unpacked where the worker is, and bound by that. */
    @Test
    void jars_in_jars_and_their_binding_are_the_same_everywhere(@TempDir Path folder) {
        Path jar = new UserJar(folder).source("Point", """
                import com.fasterxml.jackson.annotation.JsonProperty;
                import com.fasterxml.jackson.databind.JsonNode;
                public class Point {
                    @JsonProperty("x-axis") public int x;
                    public static Point moved(Point point) { point.x++; return point; }
                    public static JsonNode first(JsonNode all) { return all.get(0); }
                }
                """).with(com.fasterxml.jackson.databind.ObjectMapper.class)
                .with(com.fasterxml.jackson.core.JsonFactory.class)
                .with(com.fasterxml.jackson.annotation.JsonProperty.class).lambda();
        Http http = shared().http();
        assertThat(http.putJar("point", jar).status()).isEqualTo(201);
        assertThat(results(http, "point", "own.Point::moved", "[{\"x-axis\":1},{\"x-axis\":2}]"))
                .isEqualTo("[{\"x-axis\":2},{\"x-axis\":3}]");
        assertThat(results(http, "point", "own.Point::first", "[[{\"a\":1.50}]]")).isEqualTo("[{\"a\":1.50}]");
    }

    @Test
    void a_class_path_of_several_jars_is_the_same_everywhere(@TempDir Path folder) {
        UserJar point = new UserJar(folder).source("Point", "public record Point(int x) {}");
        Path library = point.write(point.classes());
        UserJar mover = new UserJar(folder).source("Mover", """
                class Mover {
                    private static Point moved(int by, Point point) { return new Point(point.x() + by); }
                }
                """).with(library);
        Path program = mover.write(mover.classes());
        Http http = shared().http();
        http.putJar("library", library);
        http.putJar("program", program);
        for (String more : List.of("", ",\"extraEnv\":{\"A\":\"B\"}")) {
            for (int by : List.of(5, 7)) {
                String id = http.map("{\"function\":{\"jars\":[\"program\",\"library\"],\"handler\":"
                        + "\"own.Mover::moved(ILown/Point;)Lown/Point;\",\"arguments\":[" + by
                        + "]},\"iterdata\":[{\"x\":1},{\"x\":2}]" + more + "}");
                assertThat(http.get("/calls/" + id + "/results").text())
                        .isEqualTo("[{\"x\":" + (1 + by) + "},{\"x\":" + (2 + by) + "}]");
            }
        }
    }

    private static String results(Http http, String jar, String handler, String data) {
        return http.get("/calls/" + http.map("{\"function\":{\"jar\":\"" + jar + "\",\"handler\":\"" + handler
                + "\"},\"iterdata\":" + data + "}") + "/results").text();
    }
}
