package dev.wren;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Caches of what a Java machine has loaded before, each beside the jar that it is of and made once a build: what starts with
 * one takes half the time of the cores. Safe for use by several threads.
 */
public final class AotCache {

    private static final Map<Path, Path> MADE = new ConcurrentHashMap<>();

    private AotCache() {
    }

    /** Starts what is to be started with the cache later, lets it do what it does, and has the cache made when it ends. */
    @FunctionalInterface
    public interface Training {
        void make(Path cache) throws IOException, InterruptedException;
    }

    /** The cache of a jar. */
    public static Path of(Path jar, String name, Training training) {
        return MADE.computeIfAbsent(jar.resolveSibling(name + ".aot"), cache -> {
            try {
                if (!Files.exists(cache)
                        || Files.getLastModifiedTime(cache).compareTo(Files.getLastModifiedTime(jar)) <= 0) {
                    Files.deleteIfExists(cache);
                    training.make(cache);
                    assertThat(cache).exists();
                }
                return cache;
            } catch (IOException e) {
                throw new AssertionError("no cache was made of " + jar, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        });
    }

    /** Trains by arguments of {@code java} that end by themselves. */
    public static Path by(Path jar, String name, Function<Path, List<String>> arguments) {
        return of(jar, name, cache -> {
            List<String> command = new ArrayList<>(
                    List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            command.addAll(arguments.apply(cache));
            Path log = Files.createTempFile("wren-training", ".log");
            int exit = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start()
                    .waitFor();
            assertThat(exit).as(Files.readString(log)).isZero();
            Files.delete(log);
        });
    }
}
