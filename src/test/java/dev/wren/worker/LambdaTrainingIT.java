package dev.wren.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As an image is built: what the image's environments are started with is made, and fits. */
@BesideOthers
class LambdaTrainingIT {

    private static final String JAR = Path.of(System.getProperty("test.wren.lambda")).toAbsolutePath().toString();

    private static int java(Path log, String... arguments) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Stream.concat(
                        Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
                        Stream.of(arguments)).toList())
                .redirectErrorStream(true).redirectOutput(log.toFile());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void a_cache_is_made_and_environments_start_with_it(@TempDir Path folder) throws Exception {
        Path cache = folder.resolve("wren.aot");
        Path log = folder.resolve("log");
        assertThat(java(log, "-cp", JAR, "dev.wren.worker.lambda.LambdaTraining", cache.toString(), "-XX:+UseSerialGC"))
                .as(() -> read(log)).isZero();
        // With a cache that does not fit, it would not start.
        assertThat(java(log, "-XX:+UseSerialGC", "-XX:AOTCache=" + cache, "-XX:AOTMode=on",
                "--enable-native-access=ALL-UNNAMED", "-cp", JAR,
                "dev.wren.worker.lambda.LambdaTraining")).as(() -> read(log)).isEqualTo(64);
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
