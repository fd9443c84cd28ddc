package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.protocol.Sha256;
import dev.wren.worker.UserJar;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Functions of several jars, which are uploaded by their contents. */
class ClassPathIT {

    @TempDir
    private static Path folder;
    private static RunningGateway gateway;
    private static Http http;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.startWithFunctions(folder.resolve("store"), "--wren.jars.max-class-path=3",
                "--wren.jars.max-class-path-size=200KB");
        http = gateway.http();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static UserJar library(int factor) {
        return new UserJar(folder).source("Library", """
                public class Library {
                    public static int times(int x) { return %d * x; }
                }
                """.formatted(factor));
    }

    private static UserJar function(Path library) {
        return new UserJar(folder).source("Uses", """
                public class Uses implements java.util.function.Function<Integer, Integer> {
                    @Override public Integer apply(Integer x) { return Library.times(x) + 1; }
                    private static int plus(int more, Integer x) { return x + more; }
                }
                """).with(library);
    }

    private static Path jar(UserJar of) {
        return of.write(of.classes());
    }

    private static String hash(Path jar) {
        try {
            return Sha256.of(jar);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Http.Answer put(Path jar, String hash) throws IOException {
        return Http.send(http.request("/jars/sha256:" + hash, "Content-Type", "application/java-archive")
                .PUT(HttpRequest.BodyPublishers.ofFile(jar)));
    }

    private static void put(Path jar) throws IOException {
        assertThat(put(jar, hash(jar)).json()).hasToString(
                "{\"sha256\":\"" + hash(jar) + "\",\"size\":" + Files.size(jar) + "}");
    }

    private static String missing(String... hashes) {
        return http.post("/jars/missing", List.of(hashes).stream().collect(
                Collectors.joining("\",\"", "{\"sha256\":[\"", "\"]}"))).text();
    }

    private static String map(List<Path> jars, String more) {
        return "{\"function\":{\"jars\":" + jars.stream().map(jar -> "\"sha256:" + hash(jar) + "\"").toList()
                + ",\"handler\":\"own.Uses\"},\"iterdata\":[1,2]" + more + "}";
    }

    @Test
    void the_first_jar_that_has_a_class_provides_it() throws IOException {
        Path twice = jar(library(2));
        Path thrice = jar(library(3));
        Path uses = jar(function(twice));
        assertThat(missing(hash(uses), hash(twice), hash(thrice))).isEqualTo("{\"missing\":[\"" + hash(uses) + "\",\""
                + hash(twice) + "\",\"" + hash(thrice) + "\"]}");
        put(uses);
        put(twice);
        assertThat(missing(hash(uses), hash(thrice), hash(twice)))
                .isEqualTo("{\"missing\":[\"" + hash(thrice) + "\"]}");
        put(thrice);
        // Warm JVMs tell the orders apart, and so do those with a copy of their own.
        for (String more : List.of("", ",\"useCachedRuntime\":false")) {
            assertThat(http.get("/calls/" + http.map(map(List.of(uses, twice, thrice), more)) + "/results").text())
                    .isEqualTo("[3,5]");
            assertThat(http.get("/calls/" + http.map(map(List.of(thrice, uses, twice), more)) + "/results").text())
                    .isEqualTo("[4,7]");
        }
        // As generated clients say that there is none.
        assertThat(http.map("{\"function\":{\"jar\":\"fn\",\"jars\":[],\"handler\":\"fn.Square\",\"arguments\":[]},"
                + "\"iterdata\":[1]}")).isNotEmpty();
        Http.Answer alone = http.post("/calls", map(List.of(uses), ""));
        assertThat(alone.status()).as(alone.text()).isEqualTo(202);
        assertThat(http.get("/calls/" + alone.json().path("callsetId").asString() + "/results").text())
                .contains("own/Library");
    }

    @Test
    void a_callset_says_what_it_runs_and_a_redrive_runs_the_same() throws IOException {
        Path twice = jar(library(2));
        Path uses = jar(function(twice));
        put(uses);
        put(twice);
        http.putJar("by-name", uses);
        String id = http.map("{\"function\":{\"jars\":[\"by-name\",\"sha256:" + hash(twice)
                + "\"],\"handler\":\"own.Uses::plus(ILjava/lang/Integer;)I\",\"arguments\":[1.50e1]},"
                + "\"iterdata\":[1]}");
        assertThat(http.get("/calls/" + id).json().path("function")).hasToString("{\"jar\":\"by-name\",\"sha256\":\""
                + hash(uses) + "\",\"jars\":[{\"jar\":\"by-name\",\"sha256\":\"" + hash(uses)
                + "\"},{\"jar\":\"sha256:" + hash(twice) + "\",\"sha256\":\"" + hash(twice)
                + "\"}],\"handler\":\"own.Uses::plus(ILjava/lang/Integer;)I\",\"arguments\":[15.0]}");
        // A number that is no int is no argument.
        assertThat(http.get("/calls/" + id + "/00000/result").json().path("error").path("code").asString())
                .isEqualTo("RUNTIME");
        http.putJar("by-name", RunningGateway.EXAMPLES);
        String again = http.post("/calls/" + id + "/redrive", "").json().path("callsetId").asString();
        assertThat(http.get("/calls/" + again + "/00000/result").json().path("error").path("code").asString())
                .isEqualTo("RUNTIME");
        String lines = Http.send(http.request("/calls?jars=sha256:" + hash(uses) + "&jars=sha256:" + hash(twice)
                + "&handler=own.Uses::plus(ILjava/lang/Integer;)I&arguments=15", "Content-Type",
                "application/x-ndjson").POST(HttpRequest.BodyPublishers.ofString("1\n2\n"))).json().path("callsetId")
                .asString();
        assertThat(http.get("/calls/" + lines + "/results").text()).isEqualTo("[16,17]");
    }

    @Test
    void every_jar_of_a_callset_is_kept_while_it_is_there() throws IOException {
        TestClock clock = new TestClock();
        try (RunningGateway own = RunningGateway.start(folder.resolve("kept"), clock::in,
                "--wren.retention.every=1s")) {
            Http there = own.http();
            Path twice = jar(library(2));
            Path uses = jar(function(twice));
            Path unused = jar(library(7));
            for (Path jar : List.of(uses, twice, unused)) {
                Http.send(there.request("/jars/sha256:" + hash(jar), "Content-Type", "application/java-archive")
                        .PUT(HttpRequest.BodyPublishers.ofFile(jar)));
            }
            String id = there.map(map(List.of(uses, twice), ""));
            there.done(id);
            clock.advance(Duration.ofHours(2));
            Path contents = folder.resolve("kept").resolve("default/jars/sha256");
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(folder.resolve("kept")
                    .resolve("default/jars/unused").resolve(hash(unused))));
            clock.advance(Duration.ofDays(8));
            await().atMost(Duration.ofSeconds(30)).until(() -> !Files.exists(contents.resolve(hash(unused))));
            assertThat(contents.resolve(hash(uses))).exists();
            assertThat(contents.resolve(hash(twice))).exists();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "{'jars':[],'handler':'fn.Square'}|400|/function/jars",
            "{'jars':['fn',7],'handler':'fn.Square'}|400|/function/jars/1",
            "{'jars':'fn','handler':'fn.Square'}|400|/function/jars",
            "{'jar':'fn','jars':['fn'],'handler':'fn.Square'}|400|/function/jars",
            "{'handler':'fn.Square'}|400|/function/jar",
            "{'jars':['fn','no-such'],'handler':'fn.Square'}|422|/function/jars/1",
            "{'jars':['fn','s3://b/x.jar'],'handler':'fn.Square'}|403|/function/jars/1",
            "{'jars':['fn','fn','fn','fn'],'handler':'fn.Square'}|413|/function/jars",
            "{'jars':['fn','fn','fn'],'handler':'fn.Square','arguments':7}|400|/function/arguments",
            "{'jar':'fn','handler':'fn.Square','arguments':[7]}|422|/function/arguments",
            "{'jar':'fn','handler':'fn.Named::kind(I)','arguments':[7,8]}|422|/function/arguments",
            "{'jar':'fn','handler':'fn.Named::kind(J)'}|422|/function/handler",
            "{'jar':'fn','handler':'fn.Named::kind(x)'}|422|/function/handler",
            "{'jar':'fn','handler':'fn.Named::kind'}|422|/function/handler",
            "{'jar':'fn','handler':'fn.Named$Closed::apply(I)'}|422|/function/handler",
            "{'jar':'fn','handler':'fn.Named::plus(ILjava/util/List;I)'}|422|/function/handler"})
    void refuses_what_is_no_class_path_or_no_method(String function, int status, String pointer) {
        Http.Answer answer = http.post("/calls",
                "{\"function\":" + function.replace('\'', '"') + ",\"iterdata\":[1]}");
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.json().path("errors").get(0).path("pointer").asString()).as(answer.text()).isEqualTo(pointer);
    }

    @Test
    void jars_are_limited_together() throws IOException {
        Path large = new UserJar(folder).write(List.of(new UserJar.Entry("a", random(150_000))));
        put(large);
        Http.Answer answer = http.post("/calls", "{\"function\":{\"jars\":[\"fn\",\"sha256:" + hash(large)
                + "\",\"sha256:" + hash(large) + "\"],\"handler\":\"fn.Square\"},\"iterdata\":[1]}");
        assertThat(answer.status()).as(answer.text()).isEqualTo(413);
        assertThat(answer.json().path("limit").asInt()).isEqualTo(200 << 10);
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    @Test
    void refuses_a_content_of_another_hash_and_keeps_nothing() throws IOException {
        Path jar = jar(library(11));
        Http.Answer other = put(jar, "0".repeat(64));
        assertThat(other.status()).isEqualTo(400);
        assertThat(other.json().path("errors").get(0).path("parameter").asString()).isEqualTo("sha256");
        assertThat(missing(hash(jar), "0".repeat(64))).contains(hash(jar), "0".repeat(64));
        Path text = Files.writeString(folder.resolve("text"), "no jar");
        assertThat(put(text, hash(text)).slug()).isEqualTo("invalid-jar");
        assertThat(put(jar, "abc").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"[]|400|", "{}|400|/sha256", "{'sha256':['x']}|400|/sha256/0",
            "{'sha256':[],'more':1}|400|/more"})
    void refuses_what_is_no_question(String body, int status, String pointer) {
        Http.Answer answer = http.post("/jars/missing", body.replace('\'', '"'));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.json().path("errors").get(0).path("pointer").asString())
                .isEqualTo(pointer == null ? "" : pointer);
    }

    @Test
    void answers_at_most_a_thousand_at_once() {
        String many = IntStream.range(0, 1001).mapToObj(i -> "\"%064x\"".formatted(i))
                .collect(Collectors.joining(",", "{\"sha256\":[", "]}"));
        Http.Answer answer = http.post("/jars/missing", many);
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.json().path("limit").asInt()).isEqualTo(1000);
    }
}
