package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users are shown, as they would do it: the program of {@code examples/}, and the page for Python. */
@BesideOthers
class UserPagesIT {

    private static final PythonTool HTTPX = new PythonTool("httpx", "0.28.1", "httpx");

    private static String run(RunningGateway gateway, Path folder, List<String> command) throws Exception {
        Path out = folder.resolve("out");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("WREN_URL", gateway.url());
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        // Whichever Java runs Maven.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        assertThat(process.waitFor()).as(Files.readString(out)).isZero();
        return Files.readString(out);
    }

    @Test
    void the_program_of_the_examples_maps_its_own_lambda(@TempDir Path folder) throws Exception {
        assertThat(Files.readString(Path.of("README.md"))).contains("./mvnw -q -f examples process-classes");
        try (RunningGateway gateway = RunningGateway.start(folder.resolve("store"))) {
            assertThat(run(gateway, folder, List.of("./mvnw", "-B", "-q", "-f", "examples", "process-classes")))
                    .contains("Primes in each 100000 numbers: [9592, 8392,", "Primes below 2000000: 148933");
        }
    }

    @Test
    void the_page_for_python_runs_as_it_stands(@TempDir Path folder) throws Exception {
        List<String> _ = HTTPX.install();
        Path program = Files.writeString(folder.resolve("words.py"), python());
        try (RunningGateway gateway = RunningGateway.start(folder.resolve("store"))) {
            assertThat(run(gateway, folder, Stream.concat(HTTPX.python().stream(),
                    Stream.of(program.toString(), RunningGateway.EXAMPLES.toString())).toList()).lines())
                    .satisfiesExactly(first -> assertThat(first).startsWith("00000 {").contains("'be': 2", "'to': 2"),
                            second -> assertThat(second).startsWith("00001 {").contains("'question': 1"),
                            third -> assertThat(third).startsWith("00002 ").doesNotContain("{"),
                            states -> assertThat(states).isEqualTo("2 succeeded, 1 failed"),
                            again -> assertThat(again).isEqualTo("run again: ['00002']"));
        }
    }

    private static String python() throws IOException {
        String page = Files.readString(Path.of("docs/python.md"));
        int from = page.indexOf("```python\n") + "```python\n".length();
        String program = page.substring(from, page.indexOf("```", from));
        assertThat(program.lines().filter(line -> !line.isBlank()).count()).isLessThanOrEqualTo(20);
        return program;
    }
}
