package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import dev.wren.gateway.executor.InstancePool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line, by its script, as a shell would run it. */
@BesideOthers
class CommandLineIT {

    private static final Path SCRIPT = Path.of("bin/wren").toAbsolutePath();
    private static final String FUNCTIONS = RunningGateway.FUNCTIONS.toAbsolutePath().toString();
    private static final IdleExecutor IDLE = new IdleExecutor();

    @TempDir
    private static Path folder;
    private static RunningGateway gateway;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.start(folder.resolve("store"), IDLE::in, "--wren.executors.pool.kind=idle");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    /** What a command came to. */
    private record Ended(int code, String out, String err) {

        List<String> lines() {
            return out.lines().toList();
        }
    }

    private static Ended wren(String... arguments) {
        return shell("", arguments);
    }

    private static Ended shell(String input, String... arguments) {
        try {
            List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString()));
            command.addAll(List.of(arguments));
            Path in = Files.writeString(folder.resolve("in"), input);
            ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectInput(in.toFile())
                    .redirectOutput(folder.resolve("out").toFile()).redirectError(folder.resolve("err").toFile());
            builder.environment().put("WREN_URL", gateway.url());
            builder.environment().put("WREN_JAR", UserProgram.CLIENT.toString().replace(".jar", "-all.jar"));
            builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
            Process process = builder.start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still running: " + command);
            }
            return new Ended(process.exitValue(), Files.readString(folder.resolve("out")),
                    Files.readString(folder.resolve("err")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Ended good(String... arguments) {
        Ended ended = wren(arguments);
        assertThat(ended.code).as(ended.out + ended.err).isZero();
        return ended;
    }

    private static String map(String input, String handler, String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("map", "--jar", FUNCTIONS, "--handler", handler));
        arguments.addAll(List.of(more));
        Ended ended = shell(input, arguments.toArray(String[]::new));
        assertThat(ended.code).as(ended.err).isZero();
        assertThat(ended.err).isEmpty();
        return ended.out.strip();
    }

    @Test
    void a_map_from_its_data_to_its_values() throws IOException {
        Path data = Files.writeString(folder.resolve("data.ndjson"), "1\n\n 2\n3\n");
        String id = good("map", "--jar", FUNCTIONS, "--handler", "fn.Square",
                "--max_attempts", "2", "--chunk-size=1", "--tag", "a=b", "--extra_env", "A=B", data.toString()).out
                .strip();
        assertThat(id).matches("[0-9a-z]{26}");
        Ended waited = good("wait", id);
        assertThat(waited.lines().getFirst()).startsWith("CALLSETID").contains("SUCCESS");
        assertThat(waited.lines().get(1)).startsWith(id).contains("fn.Square", "local", "true");
        assertThat(good("results", id).out).isEqualTo("1\n4\n9\n");
        assertThat(good("results", id, "--output", "json").lines())
                .contains("{\"callId\":\"00001\",\"state\":\"success\",\"result\":4}");
        assertThat(good("status", id, "-o", "json").out).contains("\"callsetId\":\"" + id + "\"", "\"success\":3");
        assertThat(good("list", "--tag", "a=b", "--limit", "1", "-o", "json").lines()).hasSize(1).first().asString()
                .contains(id);
        assertThat(good("redrive", id).out).isEmpty();
        assertThat(shell("5\n", "map", "--jar", FUNCTIONS, "--handler", "fn.Square",
                "--wait").out).isEqualTo("25\n");
        good("delete", id);
        assertThat(wren("status", id).code).isEqualTo(4);
    }

    @Test
    void what_fails_is_told_by_exit_codes_and_standard_error() {
        String id = map("\"square 2\"\n\"throw on purpose\"\n\"print said\"\n", "fn.Mixed");
        assertThat(wren("wait", id).code).isEqualTo(1);
        Ended results = wren("results", id);
        assertThat(results.code).isEqualTo(1);
        assertThat(results.lines()).hasSize(2).first().isEqualTo("4");
        assertThat(results.err).contains("on purpose", id + "/00001");
        assertThat(good("logs", id, "00002").out).contains("said");
        assertThat(good("logs", id).out).contains("==> 00002 <==", "said").doesNotContain("00000");
        String again = good("redrive", id).out.strip();
        assertThat(again).matches("[0-9a-z]{26}");
        assertThat(wren("results", again).err).contains("on purpose");
        String endless = map("\"forever\"\n\"forever\"\n", "fn.Mixed");
        assertThat(wren("wait", endless, "--timeout", "0.1").code).isEqualTo(3);
        assertThat(wren("results", endless, "--timeout", "0.1")).satisfies(ended -> {
            assertThat(ended.code).isEqualTo(3);
            assertThat(ended.out).isEmpty();
        });
        assertThat(good("cancel", endless, "00000", "-o", "json").out).contains("\"cancelled\":1");
        assertThat(good("cancel", endless, "-o", "json").out).contains("\"cancelled\":2");
        assertThat(wren("wait", endless).code).isEqualTo(1);
    }

    @Test
    void wrong_commands_say_what_is_wrong_and_send_nothing() throws IOException {
        assertThat(wren().code).isEqualTo(2);
        assertThat(wren("map", "--jar", "fn")).satisfies(ended -> {
            assertThat(ended.code).isEqualTo(2);
            assertThat(ended.err).contains("--handler");
        });
        assertThat(wren("map", "--jar", "no/such.jar", "--handler", "a.B").err).contains("no/such.jar");
        Path data = Files.writeString(folder.resolve("bad.ndjson"), "1\n{\"a\":}\n");
        Ended bad = wren("map", "--jar", FUNCTIONS, "--handler", "fn.Square",
                data.toString());
        assertThat(bad.code).isEqualTo(2);
        assertThat(bad.err).contains("bad.ndjson, line 2");
        Ended refused = shell("1\n", "map", "--jar", FUNCTIONS, "--handler", "fn.Nope");
        assertThat(refused.code).isEqualTo(4);
        assertThat(refused.err).contains("/function/handler", "no class fn.Nope");
        assertThat(wren("logs", "01m8cfcb4900a7mk9xxdap9a9j").code).isEqualTo(4);
        Ended nobody = wren("list", "--url", "http://127.0.0.1:1,http://127.0.0.1:2", "--patience", "0.2");
        assertThat(nobody.code).isEqualTo(5);
        assertThat(nobody.err).contains("nobody listens there");
        assertThat(wren("map", "--no-such").code).isEqualTo(2);
    }

    @Test
    void instances_are_launched_by_the_seeds_options_in_both_spellings() {
        Ended launched = good("standalone", "launch_instances", "2", "--max_idle_time", "60",
                "--idle_terminate_granularity", "600", "--pywren_git_branch", "main", "--pywren_git_commit", "abcdef0",
                "--spot_price", "0.5", "-o", "json");
        assertThat(launched.lines()).hasSize(2);
        InstancePool.Launch asked = IDLE.pool().last();
        assertThat(asked).usingRecursiveComparison().ignoringFields("token").isEqualTo(new InstancePool.Launch(2, null,
                Duration.ofSeconds(60), Duration.ofSeconds(600), "main", "abcdef0", new BigDecimal("0.5"), null, null,
                Map.of(), ""));
        assertThat(good("standalone", "launch-instances", "1", "--max-idle-time=60", "--idle-terminate-granularity=600",
                "--pywren-git-branch=main", "--spot-price=0.5", "-o", "json").lines()).hasSize(1);
        assertThat(IDLE.pool().last()).usingRecursiveComparison().ignoringFields("token", "number", "gitCommit")
                .isEqualTo(asked);
        List<String> listed = good("standalone", "list_instances").lines();
        assertThat(listed.getFirst()).startsWith("ID").contains("STATE", "INSTANCETYPE");
        assertThat(listed.size()).isGreaterThanOrEqualTo(3);
        String id = listed.stream().filter(line -> line.startsWith("i-")).findFirst().orElseThrow().split(" ")[0];
        assertThat(good("standalone", "terminate_instances", id).out).contains(id);
        good("standalone", "terminate-instances");
        assertThat(wren("standalone", "launch_instances", "0").code).isEqualTo(4);
    }

    @Test
    void shells_complete_commands_and_options() throws Exception {
        Path script = Files.writeString(folder.resolve("completion"), good("completion", "bash").out);
        Process bash = new ProcessBuilder("bash", "-c", "source " + script + """
                ; COMP_WORDS=(wren re); COMP_CWORD=1; COMP_LINE='wren re'; COMP_POINT=7
                _complete_wren; echo "${COMPREPLY[@]}" | xargs echo
                """).redirectErrorStream(true).start();
        assertThat(new String(bash.getInputStream().readAllBytes()).strip().split("\\s+")).contains("results",
                "redrive");
        assertThat(good("completion", "zsh").out).contains("bashcompinit");
    }
}
