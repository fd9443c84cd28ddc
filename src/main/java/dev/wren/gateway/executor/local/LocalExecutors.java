package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.jar.Jars;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.stereotype.Component;
import org.springframework.util.FileSystemUtils;

/** Makes local executors. */
@Component
final class LocalExecutors implements ExecutorKind {

    private static final Logger log = LoggerFactory.getLogger(LocalExecutors.class);
    private static final String PREFIX = "wren-workers-";
    /** What a worker JVM's start-up cache depends on. */
    private static final List<String> OPTIONS = List.of("-XX:+UseSerialGC", "-XX:-UsePerfData",
            "-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED");

    private final Jars jars;
    private final Clock clock;
    private final MeterRegistry metrics;

    LocalExecutors(Jars jars, Clock clock, MeterRegistry metrics) {
        this.jars = jars;
        this.clock = clock;
        this.metrics = metrics;
    }

    @Override
    public String kind() {
        return LocalExecutor.KIND;
    }

    @Override
    public Executor create(String name, String prefix, Binder binder) {
        LocalSettings settings = binder.bindOrCreate(prefix, LocalSettings.class);
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        Path cache = settings.cacheFolder() != null
                ? Path.of(settings.cacheFolder())
                : temporary.resolve("wren-worker-cache-" + System.getProperty("user.name"));
        sweep(temporary);
        try {
            Path folder = Files.createTempDirectory(temporary, PREFIX + ProcessHandle.current().pid() + "-");
            WorkerInstall install = WorkerInstall.into(cache, OPTIONS);
            return new LocalExecutor(name, settings,
                    new WorkerPool(name, settings, install, folder, jars, clock, metrics), install, clock);
        } catch (IOException e) {
            throw new UncheckedIOException("executor " + name + ": no folder for its workers", e);
        }
    }

    /** Removes the folders of gateways that have died. */
    private static void sweep(Path temporary) {
        try (Stream<Path> folders = Files.list(temporary)) {
            for (Path folder : folders.filter(path -> isLeft(path.getFileName().toString())).toList()) {
                FileSystemUtils.deleteRecursively(folder);
            }
        } catch (IOException e) {
            log.debug("old worker folders cannot be removed", e);
        }
    }

    private static boolean isLeft(String name) {
        if (!name.startsWith(PREFIX)) {
            return false;
        }
        int end = name.indexOf('-', PREFIX.length());
        try {
            return end > 0 && ProcessHandle.of(Long.parseLong(name.substring(PREFIX.length(), end))).isEmpty();
        } catch (NumberFormatException _) {
            return false;
        }
    }
}
