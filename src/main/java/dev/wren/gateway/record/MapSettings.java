package dev.wren.gateway.record;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that a map job says, but its data; checked for form (types and ranges), not yet against jars and executors.
 *
 * @param jar reference of the jar, as the caller wrote it
 * @param handler as the caller wrote it
 * @param executor name of the executor, or null for the configured default
 * @param config overrides of the executor's settings: strings, numbers, booleans
 * @param jobMaxRuntime how long a single attempt may run; over zero
 * @param extraEnv environment of the function
 * @param extraMeta a JSON object, as the caller wrote it
 * @param invokePoolThreads invocations being sent at once, at least 1
 * @param dataAllAsOne whether the data lie in one object
 * @param useCachedRuntime whether workers may be shared with other callsets
 * @param overwriteInvokeArgs fields of the invocation to overwrite; strings, numbers, booleans, lists of strings
 * @param excludeModules package prefixes
 * @param chunkSize data handed to one invocation, or null for the executor's choice
 * @param maxAttempts attempts before an error is final, at least 1
 * @param maxConcurrency calls running at once, or null for no limit of its own
 * @param toleratedFailures errors that are tolerated, or null for any number
 * @param tags what the caller finds the callset by
 */
public record MapSettings(String jar, String handler, @Nullable String executor, Map<String, Object> config,
        Duration jobMaxRuntime, Map<String, String> extraEnv, String extraMeta, int invokePoolThreads,
        boolean dataAllAsOne, boolean useCachedRuntime, Map<String, Object> overwriteInvokeArgs,
        List<String> excludeModules, @Nullable Integer chunkSize, int maxAttempts, @Nullable Integer maxConcurrency,
        @Nullable ToleratedFailures toleratedFailures, Map<String, String> tags) {

    public MapSettings {
        config = Map.copyOf(config);
        extraEnv = Map.copyOf(extraEnv);
        overwriteInvokeArgs = Map.copyOf(overwriteInvokeArgs);
        excludeModules = List.copyOf(excludeModules);
        tags = Map.copyOf(tags);
    }

    /** Bytes of memory that they take, about; at least what their strings do. */
    public long weight() {
        Stream<Object> all = Stream.of(Stream.of(jar, handler, extraMeta), config.keySet().stream(),
                config.values().stream(), extraEnv.keySet().stream(), extraEnv.values().stream(),
                overwriteInvokeArgs.keySet().stream(), overwriteInvokeArgs.values().stream(),
                excludeModules.stream(), tags.keySet().stream(), tags.values().stream()).flatMap(each -> each);
        return 512 + all.mapToLong(each -> each instanceof String text ? 64 + 2L * text.length() : 32).sum();
    }

    /** The same settings with another function. */
    public MapSettings withFunction(String otherJar, String otherHandler) {
        return new MapSettings(otherJar, otherHandler, executor, config, jobMaxRuntime, extraEnv, extraMeta,
                invokePoolThreads, dataAllAsOne, useCachedRuntime, overwriteInvokeArgs, excludeModules, chunkSize,
                maxAttempts, maxConcurrency, toleratedFailures, tags);
    }
}
