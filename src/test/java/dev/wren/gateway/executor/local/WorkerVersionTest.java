package dev.wren.gateway.executor.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Protocol;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerVersionTest {

    @Test
    void a_worker_of_another_version_is_refused_and_ended(@TempDir Path folder) {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toAbsolutePath().toString())
                        .collect(Collectors.joining(File.pathSeparator)),
                OldWorker.class.getName());
        Path own = folder.resolve("worker");
        assertThatThrownBy(() -> WorkerProcess.start(command, own, Map.of(), null,
                new Frame.WorkerSettings("w", 1, 1, 1, 1, 1), Duration.ofSeconds(30)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version " + (Protocol.VERSION - 1))
                .hasMessageContaining(Integer.toString(Protocol.VERSION));
        assertThat(own).doesNotExist();
        await().until(() -> ProcessHandle.current().descendants()
                .noneMatch(each -> each.info().commandLine().orElse("").contains("OldWorker")));
    }
}
