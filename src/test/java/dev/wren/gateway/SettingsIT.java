package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Settings that are wrong or unknown end the start, and all that there are are documented. */
class SettingsIT {

    @ParameterizedTest
    @ValueSource(strings = {
            "wren.callsets.map-item-limt=5", "wren.callset.map-item-limit=5", "wren.executors.local.worker=3",
            "wren.executors.second.worker=3"})
    void one_that_there_is_not_is_named(String setting, @TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway
                .start(store, "--wren.executors.second.kind=local", "--" + setting).close())
                .hasStackTraceContaining("no setting " + setting.substring(0, setting.indexOf('=')));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "wren.executors.local.grace=-1s", "wren.executors.local.inline-limit=5MB", "wren.executors.local.workers=0",
            "wren.dispatch.chunk-bytes=0B", "wren.callsets.max-running=0", "wren.retention.every=0s",
            "wren.default-executor=none", "wren.executors.far.kind=far-away", "wren.store=ftp://somewhere"})
    void a_wrong_one_ends_the_start(String setting, @TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway.start(store, "--" + setting).close()).isNotNull();
    }

    @Test
    void the_readme_lists_all(@TempDir Path store) throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        try (InputStream in = SettingsIT.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            for (JsonNode setting : Http.JSON.readTree(in).path("properties")) {
                String name = setting.path("name").asString().replace("wren.executors.local", "wren.executors.<name>");
                assertThat(readme.contains("`" + name) || readme.contains("`" + name.substring(name.lastIndexOf('.'))))
                        .as("%s is in the README", name).isTrue();
            }
        }
    }
}
