package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A tool from the Python package index, installed below {@code target} the first time. Without python3 the tests that need
 * it are left out, and say so.
 *
 * @param name of its package
 * @param version of its package
 * @param command in its {@code bin}
 * @param wanted what pip is told to install
 */
public record PythonTool(String name, String version, String command, String wanted) {

    private static final Path TARGET = Path.of("target").toAbsolutePath();

    /** One of the index. */
    public PythonTool(String name, String version, String command) {
        this(name, version, command, name + "==" + version);
    }

    /** Where its output goes. */
    public Path log() {
        return TARGET.resolve(simpleName() + ".log");
    }

    private String simpleName() {
        return name.replaceAll("\\[.*", "");
    }

    private Path folder() {
        return TARGET.resolve(simpleName() + "-" + version);
    }

    /** Installs it if it is not there; the start of its command line. */
    public List<String> install() throws Exception {
        synchronized (TARGET) {
            return installAlone();
        }
    }

    private List<String> installAlone() throws Exception {
        boolean python = runs(List.of("python3", "--version"));
        if (!python) {
            System.out.println("What needs " + name + " is left out: there is no python3 here.");
        }
        Assumptions.assumeTrue(python, "there is no python3 here");
        Path installed = folder().resolve("bin").resolve(command);
        Path whole = folder().resolve("installed");
        if (!Files.exists(whole)) {
            if (run(List.of("python3", "-m", "venv", "--clear", folder().toString()), 5) != 0
                    || run(List.of(folder().resolve("bin/python").toString(), "-m", "pip", "install", "--quiet",
                            wanted),
                            10) != 0) {
                // Where Python has no venv of its own.
                assertThat(run(List.of("python3", "-m", "pip", "install", "--quiet", "--upgrade", "--target",
                        folder().toString(), wanted), 10))
                        .as("%s could not be installed: python3 needs venv or pip, and a package index; see %s", name,
                                log())
                        .isZero();
            }
            Files.createFile(whole);
        }
        return Stream.concat(python().stream(), Stream.of(installed.toString())).toList();
    }

    /** The start of a command line of the interpreter that finds what was installed. */
    public List<String> python() {
        Path own = folder().resolve("bin/python");
        return Files.exists(own) ? List.of(own.toString()) : List.of("env", "PYTHONPATH=" + folder(), "python3");
    }

    private boolean runs(List<String> line) throws InterruptedException {
        try {
            return run(line, 1) == 0;
        } catch (IOException _) {
            return false;
        }
    }

    /** Runs a command to its end, with its output in {@link #log()}; its exit code. */
    public int run(List<String> line, int minutes) throws IOException, InterruptedException {
        Process process = start(line);
        try {
            assertThat(process.waitFor(minutes, TimeUnit.MINUTES)).as("%s takes too long; see %s", line, log())
                    .isTrue();
            return process.exitValue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** Starts a command, with its output in {@link #log()}. */
    public Process start(List<String> line) throws IOException {
        return new ProcessBuilder(line).directory(TARGET.toFile()).redirectErrorStream(true)
                .redirectOutput(log().toFile()).start();
    }
}
