package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.worker.UserJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jars as people build them, from the upload to the result. */
class UserJarsIT {

    @TempDir
    private static Path folder;
    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.start(folder.resolve("store"), "--wren.jars.max-entries=3000",
                "--wren.jars.max-unpacked-size=10MB", "--wren.jars.cache-folder=" + folder.resolve("cache"));
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static String map(String jar, String handler, String data, String more) {
        return "{\"function\":{\"jar\":\"" + jar + "\",\"handler\":\"" + handler + "\"},\"iterdata\":" + data + more
                + "}";
    }

    private static String results(String jar, String handler, String data, String more) {
        return http.get("/calls/" + http.map(map(jar, handler, data, more)) + "/results").text();
    }

    private static void put(String name, Path jar) {
        Http.Answer answer = http.putJar(name, jar);
        assertThat(answer.status()).as(answer.text()).isEqualTo(201);
    }

    private static UserJar library() {
        return new UserJar(folder).source("Library", """
                public class Library {
                    public static int twice(int x) { return 2 * x; }
                    public static String resource(int x) throws java.io.IOException {
                        try (java.io.InputStream in = Library.class.getResourceAsStream("/lib.txt")) {
                            return new String(in.readAllBytes());
                        }
                    }
                }
                """);
    }

    private static UserJar function(Path library) {
        return new UserJar(folder).source("Uses", """
                public class Uses implements java.util.function.Function<Integer, Integer> {
                    @Override public Integer apply(Integer x) { return Library.twice(x) + 1; }
                }
                """).with(library);
    }

    @Test
    void jars_in_jars_are_on_the_class_path() {
        List<UserJar.Entry> entries = new ArrayList<>(library().classes());
        entries.add(UserJar.Entry.of("lib.txt", "a resource"));
        UserJar function = function(library().write(entries));
        put("lambda", function.lambda());
        put("boot", function.boot());
        for (String jar : List.of("lambda", "boot")) {
            assertThat(results(jar, "own.Uses", "[1,2]", "")).isEqualTo("[3,5]");
            // The check sees them too, and so does a JVM with a copy of its own.
            assertThat(results(jar, "own.Library::twice", "[4]", ",\"useCachedRuntime\":false")).isEqualTo("[8]");
            assertThat(results(jar, "own.Library::resource", "[4]", "")).isEqualTo("[\"a resource\"]");
            Http.Answer unknown = http.post("/calls", map(jar, "own.Library::thrice", "[1]", ""));
            assertThat(unknown.status()).isEqualTo(422);
            assertThat(unknown.json().path("detail").asString()).contains("has no public method thrice; it has");
        }
    }

    @Test
    void what_was_unpacked_is_made_again_when_it_is_gone() throws IOException {
        put("again", function(library().flat()).lambda());
        assertThat(results("again", "own.Uses", "[1]", "")).isEqualTo("[3]");
        try (var files = Files.walk(folder.resolve("cache"))) {
            for (Path file : files.filter(each -> each.toString().endsWith("order")).toList()) {
                Files.delete(file);
            }
        }
        assertThat(results("again", "own.Uses", "[2]", ",\"useCachedRuntime\":false")).isEqualTo("[5]");
    }

    @Test
    void hostile_jars_in_jars_are_refused() {
        byte[] big = new byte[6 << 20];
        UserJar jar = new UserJar(folder);
        List<UserJar.Entry> many = new ArrayList<>();
        for (int i = 0; i < 2500; i++) {
            many.add(UserJar.Entry.of("f" + i, ""));
        }
        refused("not a zip", List.of(UserJar.Entry.of("a", "b"), UserJar.Entry.of("lib/x.jar", "no zip")),
                "its lib/x.jar is none: it is no zip file");
        refused("too large together", List.of(new UserJar.Entry("lib/x.jar",
                bytes(jar.write(List.of(new UserJar.Entry("a", big)))))), "more than 10485760 bytes");
        refused("too many together", List.of(new UserJar.Entry("lib/x.jar", bytes(jar.write(many))),
                new UserJar.Entry("BOOT-INF/lib/x.jar", bytes(jar.write(many)))), "entries");
        refused("bad name inside", List.of(new UserJar.Entry("lib/x.jar",
                bytes(jar.write(List.of(UserJar.Entry.of("../a", "b")))))), "which no jar tool gives");
        refused("a class twice inside", List.of(new UserJar.Entry("lib/x.jar", bytes(jar.write(
                List.of(UserJar.Entry.of("p/A.class", "1"), UserJar.Entry.of("p/A.class", "2")))))),
                "two entries have the name p/A.class");
        refused("a class twice", List.of(UserJar.Entry.of("p/A.class", "1"), UserJar.Entry.of("p/A.class", "2")),
                "two entries have the name p/A.class");
        assertThat(http.get("/jars").text()).doesNotContain("hostile");
    }

    private static void refused(String what, List<UserJar.Entry> entries, String why) {
        Http.Answer answer = http.putJar("hostile", new UserJar(folder).write(entries));
        assertThat(answer.status()).as(what + answer.text()).isEqualTo(422);
        assertThat(answer.slug()).isEqualTo("invalid-jar");
        assertThat(answer.json().path("detail").asString()).as(what).contains(why);
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void other_languages_are_checked_as_they_are_run() throws Exception {
        put("kotlin", Path.of(UserJarsIT.class.getResource("/kotlin/kotlin-functions.jar").toURI()));
        for (String handler : List.of("kt.Greeter::greet", "kt.Doubler", "kt.Older", "kt.Factory$Companion::make",
                "kt.FunctionsKt::top")) {
            assertThat(http.post("/calls", map("kotlin", handler, "[]", "")).status()).as(handler).isEqualTo(202);
        }
        assertThat(http.post("/calls", map("kotlin", "kt.Twice", "[]", "")).json().path("detail").asString())
                .contains("implement java.util.function.Function, or name a method");
        assertThat(http.post("/calls", map("kotlin", "kt.Patient::rest", "[]", "")).json().path("detail").asString())
                .contains("suspend function", "runBlocking");
        assertThat(http.post("/calls", map("kotlin", "kt.Factory$Companion::none", "[]", "")).status())
                .isEqualTo(422);
    }
}
