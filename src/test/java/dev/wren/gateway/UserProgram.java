package dev.wren.gateway;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.ObjectMapper;

/**
 * A program of a user's: compiled by itself against the client's jar, and run in a JVM of its own, with its own class path.
 * Its classes lie in a folder.
 */
final class UserProgram {

    static final Path CLIENT = Path.of(System.getProperty("test.wren.client", "target/wren-client.jar"))
            .toAbsolutePath();

    private static final int SECONDS = 180;

    private final Path folder;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<Path> libraries = new ArrayList<>();

    /**
     * @param folder for all that is of the program
     */
    UserProgram(Path folder) {
        this.folder = folder;
        libraries.add(CLIENT);
        for (Class<?> type : List.of(ObjectMapper.class, JsonFactory.class, JsonProperty.class)) {
            libraries.add(Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()));
        }
    }

    /** What a run came to. */
    record Ended(int exitCode, String out, String err) {
    }

    UserProgram with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    UserProgram library(Path jar) {
        libraries.add(jar);
        return this;
    }

    Path classes() {
        return folder.resolve("classes");
    }

    /** Compiles a class of the package {@code own}, as Maven would: with the names of variables. */
    UserProgram source(String name, String body) {
        try {
            Path source = Files.createDirectories(folder.resolve("source")).resolve(name + ".java");
            Files.writeString(source, "package own;\n" + body);
            int result = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-g", "--release", "21",
                    "-proc:none",
                    "-nowarn", "-d", Files.createDirectories(classes()).toString(), "-cp", classPath(),
                    source.toString());
            if (result != 0) {
                throw new IllegalArgumentException(name + " does not compile");
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String classPath() {
        return Stream.concat(Stream.of(classes()), libraries.stream()).map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Runs {@code own.name}. */
    Ended run(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of("-cp", classPath(), "own." + name));
        command.addAll(List.of(arguments));
        return java(command.toArray(String[]::new));
    }

    /** Runs Java. */
    Ended java(String... arguments) {
        try {
            Process process = start(arguments);
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still running: " + out() + err());
            }
            return new Ended(process.exitValue(), out(), err());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(Files.createDirectories(folder).toFile())
                .redirectOutput(folder.resolve("out").toFile()).redirectError(folder.resolve("err").toFile());
        builder.environment().putAll(environment);
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        return builder.start();
    }

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"));
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"));
    }
}
