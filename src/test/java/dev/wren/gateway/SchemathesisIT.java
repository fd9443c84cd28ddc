package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Schemathesis throws seeded cases, right and wrong ones, at every operation of the specification: none may be answered
 * with a 5xx, or in a way that is not documented.
 *
 * <p>
 * Two checks are off. {@code positive_data_acceptance}: what fits the schema may still be refused, since a jar or a
 * handler must exist. {@code negative_data_rejection}: bodies of cases against a callset that is done are accepted where
 * the schema has no say, such as {@code {}} for a cancel. Checks of authorization are for another gateway: this one has
 * no keys. The schema of events is not compared, since it is that of the stream and not of one event.
 */
class SchemathesisIT {

    private static final PythonTool SCHEMATHESIS = new PythonTool("schemathesis", "4.32.5", "schemathesis");
    private static final int CASES = 2000;
    /** For each operation; with those of the specification's limits that makes over {@link #CASES}. */
    private static final int EXAMPLES = 40;
    private static final List<String> CHECKS = List.of("not_a_server_error", "status_code_conformance",
            "content_type_conformance", "response_headers_conformance", "response_schema_conformance",
            "unsupported_method", "allow_header_conformance");
    private static final Pattern GENERATED = Pattern.compile("(\\d+) generated");

    @Test
    void no_case_is_answered_with_a_5xx_or_undocumented(@TempDir Path folder) throws Exception {
        List<String> schemathesis = SCHEMATHESIS.install();
        try (RunningGateway gateway = RunningGateway.startWithFunctions(folder.resolve("store"),
                "--wren.web.longest-wait=100ms", "--wren.callsets.map-item-limit=20", "--wren.jars.max-size=1MB")) {
            Http http = gateway.http();
            http.putJar("other", RunningGateway.EXAMPLES);
            String callset = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":"
                    + "[\"square 2\",\"throw x\",\"print hello\"]}");
            String doomed = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[1]}");
            http.done(callset);
            Path config = folder.resolve("schemathesis.toml");
            String checks = CHECKS.stream().map(check -> check + ".enabled = true").collect(Collectors.joining("\n"));
            Files.writeString(config, """
                    [parameters]
                    "path.callsetId" = "%s"
                    "path.callId" = "00000"
                    "path.name" = "fn"

                    [checks]
                    enabled = false
                    %s

                    [[operations]]
                    include-operation-id = "deleteCallset"
                    parameters = { "path.callsetId" = "%s" }

                    [[operations]]
                    include-operation-id = "deleteJar"
                    parameters = { "path.name" = "other" }

                    # Their paths are also those of jars of such names.
                    [[operations]]
                    include-operation-id = "findMissingJars"
                    checks.allow_header_conformance.enabled = false

                    [[operations]]
                    include-operation-id = "putJarContent"
                    checks.allow_header_conformance.enabled = false

                    [[operations]]
                    include-operation-id = "getEvents"
                    checks.response_schema_conformance.enabled = false
                    """.formatted(callset, checks, doomed));
            List<String> command = new ArrayList<>(schemathesis);
            command.addAll(List.of("--config-file", config.toString(), "run", gateway.url() + "/v3/api-docs", "--seed",
                    "20", "--max-examples", Integer.toString(EXAMPLES), "--generation-database",
                    "none", "--warnings", "off", "--no-color"));
            // Made when it is first asked for; Schemathesis waits for ten seconds at most.
            assertThat(gateway.http().get("/v3/api-docs").status()).isEqualTo(200);
            int exit = SCHEMATHESIS.run(command, 5);
            String said = Files.readString(SCHEMATHESIS.log());
            assertThat(exit).as(said.substring(Math.max(0, said.length() - 20_000))).isZero();
            Matcher generated = GENERATED.matcher(said);
            assertThat(generated.find()).as(said).isTrue();
            assertThat(Integer.parseInt(generated.group(1))).isGreaterThanOrEqualTo(CASES);
        }
    }
}
