package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.WorkerJar;
import dev.wren.gateway.files.CacheFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's jar as a file, and the start-up cache that the JVM makes of it once. Both are in a folder that only this
 * user can write to, are named by their content and the JVM's version, and outlive the gateway; those of other builds
 * are removed. Safe for use by several threads.
 */
final class WorkerInstall implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerInstall.class);
    private static final long TRAINING_SECONDS = 120;

    private final CacheFolder folder;
    private final Path jar;
    private final Path cache;
    private final List<String> options;

    private WorkerInstall(CacheFolder folder, String name, List<String> options) {
        this.folder = folder;
        this.jar = folder.path().resolve(name + ".jar");
        this.cache = folder.path().resolve(name + ".aot");
        this.options = List.copyOf(options);
    }

    /**
     * Puts the worker's jar into {@code folder}, and removes what is there of other builds.
     *
     * @param folder is closed with this
     * @param options of the JVM, those that the cache depends on
     * @throws UncheckedIOException if it cannot be written
     */
    static WorkerInstall into(CacheFolder folder, List<String> options) {
        try {
            byte[] bytes = WorkerJar.bytes();
            WorkerInstall install = new WorkerInstall(folder, name(bytes, options), options);
            install.removeOthers();
            if (!Files.exists(install.jar) || !Arrays.equals(Files.readAllBytes(install.jar), bytes)) {
                install.write(bytes);
            }
            return install;
        } catch (IOException e) {
            folder.close();
            throw new UncheckedIOException("the worker's jar cannot be put into " + folder.path(), e);
        }
    }

    private void removeOthers() throws IOException {
        try (Stream<Path> files = Files.list(folder.path())) {
            for (Path file : files.filter(each -> !each.equals(jar) && !each.equals(cache)).toList()) {
                Files.delete(file);
            }
        }
    }

    private void write(byte[] bytes) throws IOException {
        Path temporary = Files.createTempFile(folder.path(), "worker-", ".tmp");
        Files.write(temporary, bytes);
        // There is nothing secret in it; whether others come so far is for the folder to say.
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(temporary, jar, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * The command that starts a worker, up to and with the jar; the jar is there then, also if somebody who cleans the
     * system's temporary files has removed it.
     *
     * @throws IOException if it is not, and cannot be written
     */
    List<String> command(List<String> more) throws IOException {
        if (!Files.exists(jar)) {
            installAgain();
        }
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

    private synchronized void installAgain() throws IOException {
        if (!Files.exists(jar)) {
            log.info("the worker's jar was removed from {} and is put there again", folder.path());
            folder.restore();
            write(WorkerJar.bytes());
        }
    }

    /** Makes the start-up cache where there is none; without it workers only start more slowly. */
    void train() {
        if (Files.exists(cache)) {
            return;
        }
        try {
            Path temporary = Files.createTempFile(folder.path(), "worker-", ".aot.tmp");
            Files.delete(temporary);
            try {
                if (train(temporary)) {
                    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
                    Files.move(temporary, cache, StandardCopyOption.ATOMIC_MOVE);
                    log.debug("made the workers' start-up cache {}", cache);
                } else {
                    log.info("the workers' start-up cache could not be made; they start without it");
                }
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            log.info("the workers' start-up cache could not be made; they start without it: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether there is a whole cache at {@code file} afterwards: a run that was cut off may leave half of one. */
    private boolean train(Path file) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(options);
        command.addAll(List.of("-XX:AOTCacheOutput=" + file, "-jar", jar.toString(), "train"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            process.getOutputStream().close();
            return process.waitFor(TRAINING_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0
                    && Files.exists(file);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /**
     * The build, the options and the Java machine as a name. Not a hash that withstands attacks: nobody else may write into
     * the folder, a jar of that name is compared byte by byte, and the machine checks what its cache was made from. Of
     * 12 MB in a JVM that has just started, where nothing is compiled, SHA-256 takes 0.13 to 0.15 s, and this 3 ms.
     */
    private static String name(byte[] jar, List<String> options) {
        CRC32 build = new CRC32();
        build.update(jar);
        CRC32 machine = new CRC32();
        machine.update((System.getProperty("java.vm.version") + options).getBytes(StandardCharsets.UTF_8));
        return "worker-%08x%08x".formatted(build.getValue(), machine.getValue());
    }

    /** Lets go of the folder; what is in it stays for the next start. */
    @Override
    public void close() {
        folder.close();
    }
}
