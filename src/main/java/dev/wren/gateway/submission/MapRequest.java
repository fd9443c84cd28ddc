package dev.wren.gateway.submission;

import dev.wren.gateway.record.Data;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A map's body as the specification describes it; {@link MapRequestReader} reads it as a stream. */
@Schema(name = "MapRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
record MapRequest(@Schema(requiredMode = Schema.RequiredMode.REQUIRED) FunctionRequest function,
        @ArraySchema(schema = @Schema(description = "any JSON value"), arraySchema = @Schema(requiredMode = Schema.RequiredMode.REQUIRED, description = "The data, one call each.")) List<Object> iterdata,
        @Schema(description = "Name of an executor; the configured default where it is not given.", example = "local", minLength = 1, maxLength = 1024) String executor,
        @Schema(description = "Settings of the executor to override, of those that may be.", example = "{\"memory\": \"256MB\"}") Map<String, Object> config,
        @Schema(description = "Seconds that a single attempt may run.", defaultValue = "200", minimum = "0.001", maximum = "86400") BigDecimal jobMaxRuntime,
        @Schema(description = "Environment variables of the function.") Map<String, String> extraEnv,
        @Schema(description = "Carried with the invocation, and shown on the future.") Map<String, Object> extraMeta,
        @Schema(description = "Invocations being sent at once.", defaultValue = "64", minimum = "1", maximum = "1024") Integer invokePoolThreads,
        @Schema(description = "Store the data as one object, or one object a call.", defaultValue = "true") Boolean dataAllAsOne,
        @Schema(description = "false: fresh JVMs for this callset alone.", defaultValue = "true") Boolean useCachedRuntime,
        @Schema(description = "Overwrites fields of the invocation, for tests; the configuration must allow it.") Map<String, Object> overwriteInvokeArgs,
        @Schema(description = "Prefixes of packages whose classes are not taken from the jar.") List<String> excludeModules,
        @Schema(description = "Data handed to one invocation; automatic where it is not given.", minimum = "1", maximum = "100000") Integer chunkSize,
        @Schema(description = "Attempts before an error is final.", defaultValue = "1", minimum = "1", maximum = "100") Integer maxAttempts,
        @Schema(description = "Calls running at once; unlimited where it is not given.", minimum = "1", maximum = "1000000") Integer maxConcurrency,
        @Schema(description = "A number, or a string such as \"5%\": once more calls have failed, the rest is"
                + " cancelled.", types = {
                        "integer", "string"}, example = "5%") Object toleratedFailures,
        @Schema(description = "To find the callset by.") Map<String, String> tags) {

    /** Which function to run. */
    @Schema(name = "Function", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record FunctionRequest(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED, minLength = 1, maxLength = 1024, description = "A name under /jars, or sha256:<hex> of an uploaded jar.", example = "examples") String jar,
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED, minLength = 1, maxLength = 1024, description = "pkg.Class or pkg.Class::method.", example = "dev.wren.examples.Pi") String handler) {
    }
}
