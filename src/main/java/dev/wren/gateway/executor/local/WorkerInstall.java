package dev.wren.gateway.executor.local;

import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's jar as a file, and the start-up cache that the JVM makes of it once. Both are named by their content and
 * the JVM's version, and outlive the gateway. Safe for use by several threads.
 */
final class WorkerInstall {

    private static final Logger log = LoggerFactory.getLogger(WorkerInstall.class);
    private static final String RESOURCE = "/META-INF/wren-worker.jar";
    private static final long TRAINING_SECONDS = 120;

    private final Path jar;
    private final Path cache;
    private final List<String> options;

    private WorkerInstall(Path jar, Path cache, List<String> options) {
        this.jar = jar;
        this.cache = cache;
        this.options = List.copyOf(options);
    }

    /**
     * Puts the worker's jar into {@code folder}.
     *
     * @param options of the JVM, those that the cache depends on
     */
    static WorkerInstall into(Path folder, List<String> options) {
        try (InputStream resource = WorkerInstall.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException(
                        "the worker's jar is not on the class path: the build puts it at " + RESOURCE);
            }
            byte[] bytes = resource.readAllBytes();
            String hash = hash(bytes, options);
            Files.createDirectories(folder);
            Path jar = folder.resolve("worker-" + hash + ".jar");
            if (!Files.exists(jar) || Files.size(jar) != bytes.length) {
                Path temporary = Files.createTempFile(folder, "worker-", ".tmp");
                Files.write(temporary, bytes);
                Files.move(temporary, jar, StandardCopyOption.ATOMIC_MOVE);
            }
            return new WorkerInstall(jar, folder.resolve("worker-" + hash + ".aot"), options);
        } catch (IOException e) {
            throw new UncheckedIOException("the worker's jar cannot be put into " + folder, e);
        }
    }

    /** The command that starts a worker, up to and with the jar. */
    List<String> command(List<String> more) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(options);
        if (Files.exists(cache)) {
            command.add("-XX:AOTCache=" + cache);
        }
        command.addAll(more);
        command.add("-jar");
        command.add(jar.toString());
        return command;
    }

    /** Makes the start-up cache where there is none; without it workers only start more slowly. */
    void train() {
        if (Files.exists(cache)) {
            return;
        }
        try {
            Path temporary = Files.createTempFile(cache.getParent(), "worker-", ".aot.tmp");
            Files.delete(temporary);
            List<String> command = new ArrayList<>(List.of(java()));
            command.addAll(options);
            command.addAll(List.of("-XX:AOTCacheOutput=" + temporary, "-jar", jar.toString(), "train"));
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(TRAINING_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            if (Files.exists(temporary)) {
                Files.move(temporary, cache, StandardCopyOption.ATOMIC_MOVE);
                log.debug("made the workers' start-up cache {}", cache);
            } else {
                log.info("the workers' start-up cache could not be made; they start without it");
            }
        } catch (IOException e) {
            log.info("the workers' start-up cache could not be made; they start without it: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static String hash(byte[] jar, List<String> options) {
        MessageDigest digest = Sha256.digest();
        digest.update(jar);
        digest.update((System.getProperty("java.vm.version") + options)
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
