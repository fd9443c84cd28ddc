package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Settings that are wrong or unknown end the start, and all that there are are documented. */
class SettingsIT {

    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    @ParameterizedTest
    @ValueSource(strings = {
            "wren.callsets.map-item-limt=5", "wren.callset.map-item-limit=5", "wren.executors.local.worker=3",
            "wren.executors.second.worker=3", "wren.executors.second.usersx=3"})
    void one_that_there_is_not_is_named(String setting, @TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway
                .start(store, "--wren.executors.second.kind=local", "--" + setting).close())
                .hasStackTraceContaining("no setting " + setting.substring(0, setting.indexOf('=')));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {
            "wren.executors.local.grace=-1s, on field 'grace'",
            "wren.executors.local.inline-limit=5MB, on field 'inlineLimit'",
            "wren.executors.local.workers=0, on field 'workers'",
            "wren.dispatch.chunk-bytes=0B, on field 'chunkBytes'",
            "wren.callsets.running-memory=-1B, on field 'runningMemory'",
            "wren.dispatch.segment-bytes=3GB, on field 'segmentBytes'",
            "wren.callsets.max-running=0, on field 'maxRunning'",
            "wren.retention.every=0s, on field 'every'",
            "wren.default-executor=none, wren.default-executor: none",
            "wren.executors.far.kind=far-away, wren.executors.far.kind: there is no kind",
            "wren.store=ftp://somewhere, wren.store"})
    void a_wrong_one_ends_the_start_and_is_named(String setting, String why, @TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway.start(store, "--" + setting).close()).hasStackTraceContaining(why);
    }

    @Test
    void the_readme_lists_all() throws IOException {
        Set<String> listed = listed();
        try (InputStream in = SettingsIT.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            for (JsonNode setting : Http.JSON.readTree(in).path("properties")) {
                String name = setting.path("name").asString().replace("wren.executors.local", "wren.executors.<name>");
                assertThat(listed).contains(name);
            }
        }
    }

    /** Names in the first column of the table: those that begin with a dot go on like the one before. */
    private static Set<String> listed() throws IOException {
        Set<String> names = new HashSet<>();
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            if (line.startsWith("| `")) {
                String above = "";
                for (MatchResult name : QUOTED.matcher(line.split("\\|")[1]).results().toList()) {
                    String given = name.group(1);
                    String whole = given.startsWith(".") ? above + given : given;
                    above = whole.substring(0, whole.lastIndexOf('.'));
                    names.add(whole.replaceAll("\\[n].*|\\.<(tenant|type)>", ""));
                }
            }
        }
        return names;
    }
}
