package dev.wren.gateway.record;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that a map job says, but its data; checked for form (types and ranges), not yet against jars and executors.
 *
 * @param function as the caller wrote it
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
 * @param output where results are written when all calls have ended, {@code s3://bucket/prefix/}; null: nowhere
 */
public record MapSettings(MappedFunction function, @Nullable String executor, Map<String, Object> config,
        Duration jobMaxRuntime, Map<String, String> extraEnv, String extraMeta, int invokePoolThreads,
        boolean dataAllAsOne, boolean useCachedRuntime, Map<String, Object> overwriteInvokeArgs,
        List<String> excludeModules, @Nullable Integer chunkSize, int maxAttempts, @Nullable Integer maxConcurrency,
        @Nullable ToleratedFailures toleratedFailures, Map<String, String> tags, @Nullable String output) {

    public MapSettings {
        config = Map.copyOf(config);
        extraEnv = Map.copyOf(extraEnv);
        overwriteInvokeArgs = Map.copyOf(overwriteInvokeArgs);
        excludeModules = List.copyOf(excludeModules);
        tags = Map.copyOf(tags);
    }

    /** Bytes of memory that they take, about; at least what their strings do. */
    public long weight() {
        Stream<Object> all = Stream
                .of(Stream.of(function.handler(), function.arguments(), extraMeta, String.valueOf(output)),
                        function.jars().stream(), config.keySet().stream(),
                        config.values().stream(), extraEnv.keySet().stream(), extraEnv.values().stream(),
                        overwriteInvokeArgs.keySet().stream(), overwriteInvokeArgs.values().stream(),
                        excludeModules.stream(), tags.keySet().stream(), tags.values().stream())
                .flatMap(each -> each);
        return 512 + all.mapToLong(each -> each instanceof String text ? 64 + 2L * text.length() : 32).sum();
    }

    /** Begins with nothing: whoever builds sets what has no default here. */
    public static Builder builder() {
        return new Builder();
    }

    /** The same settings, to be changed. */
    public Builder toBuilder() {
        return builder().function(function).executor(executor).config(config).jobMaxRuntime(jobMaxRuntime)
                .extraEnv(extraEnv).extraMeta(extraMeta).invokePoolThreads(invokePoolThreads).dataAllAsOne(dataAllAsOne)
                .useCachedRuntime(useCachedRuntime).overwriteInvokeArgs(overwriteInvokeArgs)
                .excludeModules(excludeModules).chunkSize(chunkSize).maxAttempts(maxAttempts)
                .maxConcurrency(maxConcurrency).toleratedFailures(toleratedFailures).tags(tags).output(output);
    }

    /** Settings that are put together. Used by one thread. */
    public static final class Builder {

        private MappedFunction function = MappedFunction.NONE;
        private @Nullable String executor;
        private Map<String, Object> config = Map.of();
        private Duration jobMaxRuntime = Duration.ZERO;
        private Map<String, String> extraEnv = Map.of();
        private String extraMeta = "";
        private int invokePoolThreads;
        private boolean dataAllAsOne;
        private boolean useCachedRuntime;
        private Map<String, Object> overwriteInvokeArgs = Map.of();
        private List<String> excludeModules = List.of();
        private @Nullable Integer chunkSize;
        private int maxAttempts;
        private @Nullable Integer maxConcurrency;
        private @Nullable ToleratedFailures toleratedFailures;
        private Map<String, String> tags = Map.of();
        private @Nullable String output;

        private Builder() {
        }

        public Builder function(MappedFunction value) {
            function = value;
            return this;
        }

        public Builder executor(@Nullable String value) {
            executor = value;
            return this;
        }

        public Builder config(Map<String, Object> value) {
            config = value;
            return this;
        }

        public Builder jobMaxRuntime(Duration value) {
            jobMaxRuntime = value;
            return this;
        }

        public Builder extraEnv(Map<String, String> value) {
            extraEnv = value;
            return this;
        }

        public Builder extraMeta(String value) {
            extraMeta = value;
            return this;
        }

        public Builder invokePoolThreads(int value) {
            invokePoolThreads = value;
            return this;
        }

        public Builder dataAllAsOne(boolean value) {
            dataAllAsOne = value;
            return this;
        }

        public Builder useCachedRuntime(boolean value) {
            useCachedRuntime = value;
            return this;
        }

        public Builder overwriteInvokeArgs(Map<String, Object> value) {
            overwriteInvokeArgs = value;
            return this;
        }

        public Builder excludeModules(List<String> value) {
            excludeModules = value;
            return this;
        }

        public Builder chunkSize(@Nullable Integer value) {
            chunkSize = value;
            return this;
        }

        public Builder maxAttempts(int value) {
            maxAttempts = value;
            return this;
        }

        public Builder maxConcurrency(@Nullable Integer value) {
            maxConcurrency = value;
            return this;
        }

        public Builder toleratedFailures(@Nullable ToleratedFailures value) {
            toleratedFailures = value;
            return this;
        }

        public Builder tags(Map<String, String> value) {
            tags = value;
            return this;
        }

        public Builder output(@Nullable String value) {
            output = value;
            return this;
        }

        public MapSettings build() {
            return new MapSettings(function, executor, config, jobMaxRuntime, extraEnv, extraMeta,
                    invokePoolThreads, dataAllAsOne, useCachedRuntime, overwriteInvokeArgs, excludeModules, chunkSize,
                    maxAttempts, maxConcurrency, toleratedFailures, tags, output);
        }
    }
}
