package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.SettingsSource;
import dev.wren.gateway.files.CacheFolder;
import dev.wren.gateway.files.ProcessFolder;
import dev.wren.gateway.jar.Jars;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.List;
import org.springframework.stereotype.Component;

/** Makes local executors. */
@Component
final class LocalExecutors implements ExecutorKind {

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
    public Executor create(String name, SettingsSource source) {
        LocalSettings settings = source.as(LocalSettings.class);
        WorkerUsers users = new WorkerUsers(settings.users());
        CacheFolder cache = CacheFolder.take("worker", settings.cacheFolder());
        if (users.isAny()) {
            cache.letThrough();
        }
        WorkerInstall install = WorkerInstall.into(cache, OPTIONS);
        ProcessFolder folder = ProcessFolder.make("workers");
        if (users.isAny()) {
            folder.letThrough();
        }
        return new LocalExecutor(name, settings,
                new WorkerPool(name, settings, install, folder, jars, clock, metrics), install, clock);
    }
}
