package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients that the generators which people use make of the specification, in other languages. */
@BesideOthers
class ClientsIT {

    private static final Path CLIENTS = Path.of("target/clients").toAbsolutePath();
    private static final String USE = """
            import sys, wren_client
            with wren_client.ApiClient(wren_client.Configuration(host=sys.argv[1])) as client:
                calls = wren_client.CallsApi(client)
                function = wren_client.Function(jar="fn", handler="fn.Square")
                made = calls.map(wren_client.MapRequest(function=function, iterdata=[1, 2, 3],
                        tolerated_failures=wren_client.MapRequestToleratedFailures("50%")))
                print(calls.get_results(made.callset_id, timeout=30.0))
            """;

    /** Forms that some generator refuses, or drops. */
    @Test
    void no_schema_mixes_types_and_each_array_says_of_what() throws IOException {
        check("", JsonMapper.shared().valueToTree(new Yaml().load(Files.readString(Path.of("openapi.yaml")))));
    }

    private static void check(String where, JsonNode node) {
        JsonNode type = node.path("type");
        assertThat(type.isArray() ? type.valueStream().filter(each -> !each.asString().equals("null")).count() : 1)
                .as(where).isOne();
        if (is(type, "array")) {
            assertThat(node.has("items")).as(where).isTrue();
        }
        if (is(type, "number")) {
            assertThat(node.path("format").asString()).as(where).isEqualTo("double");
        }
        node.properties().stream().filter(each -> !each.getKey().startsWith("example"))
                .forEach(each -> check(where + "/" + each.getKey(), each.getValue()));
        for (int i = 0; i < (node.isArray() ? node.size() : 0); i++) {
            check(where + "/" + i, node.get(i));
        }
    }

    private static boolean is(JsonNode type, String name) {
        return type.asString("").equals(name)
                || type.valueStream().anyMatch(each -> each.asString("").equals(name));
    }

    @Test
    void the_client_for_python_maps(@TempDir Path store) throws Exception {
        String version = Sha256.of(Path.of("openapi.yaml")).substring(0, 8);
        PythonTool tool = new PythonTool("wren-client", version, "python", CLIENTS.resolve("python").toString());
        tool.install();
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            List<String> use = Stream.concat(tool.python().stream(), Stream.of("-c", USE, gateway.url())).toList();
            assertThat(run(CLIENTS, use)).contains("[1, 4, 9]");
        }
    }

    @Test
    void the_client_for_go_compiles() throws Exception {
        require("go", "version");
        Path folder = CLIENTS.resolve("go");
        assertThat(run(folder, List.of("go", "mod", "tidy"))).isNotNull();
        assertThat(run(folder, List.of("go", "build", "./..."))).isNotNull();
    }

    @Test
    void the_client_for_typescript_compiles() throws Exception {
        require("npm", "--version");
        Path folder = CLIENTS.resolve("typescript");
        assertThat(run(folder, List.of("npm", "exec", "--yes", "--package=typescript@5.9.2", "--", "tsc", "--noEmit",
                "--strict", "--target", "es2020", "--lib", "es2020,dom", "--moduleResolution", "node", "index.ts")))
                .isNotNull();
    }

    private static void require(String command, String version) throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder(command, version).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException _) {
            there = false;
        }
        if (!there) {
            System.out.println("What needs " + command + " is left out: there is no " + command + " here.");
        }
        Assumptions.assumeTrue(there, "there is no " + command + " here");
    }

    /** What a command says; it must end well. */
    private static String run(Path folder, List<String> command) throws Exception {
        Path said = Files.createTempFile("wren-client", ".log");
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(said.toFile()).start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("%s takes too long", command).isTrue();
            String text = Files.readString(said);
            assertThat(process.exitValue()).as(text).isZero();
            return text;
        } finally {
            process.destroyForcibly();
            Files.delete(said);
        }
    }
}
