package dev.wren.gateway.submission;

import dev.wren.gateway.record.MapSettings;
import io.swagger.v3.oas.models.media.Schema;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a map besides the function and the data: one entry each, for the JSON body, for the query, for the
 * settings and for the specification.
 */
// All that is kept is immutable: records, lambdas without state, maps that cannot be changed.
@SuppressWarnings("ImmutableEnumChecker")
enum MapField {
    EXECUTOR("executor", new FieldKind.Text(MapFields.MAX_TEXT),
            MapSettings.Builder::executor, "local",
            "Name of an executor; the configured default where it is not given."),
    CONFIG("config", new ObjectKinds.Scalars(),
            MapSettings.Builder::config, Map.of("memory", "256MB"),
            "Settings of the executor to override, of those that may be."),
    JOB_MAX_RUNTIME("jobMaxRuntime", new FieldKind.Seconds(new BigDecimal("0.001"), BigDecimal.valueOf(86_400), 200),
            MapSettings.Builder::jobMaxRuntime, null,
            "Seconds that a single attempt may run."),
    EXTRA_ENV("extraEnv",
            new ObjectKinds.Strings(Pattern.compile("[A-Za-z_][A-Za-z0-9_]*"), Integer.MAX_VALUE, Integer.MAX_VALUE,
                    Integer.MAX_VALUE, 1 << 16,
                    "A name of letters, digits and '_', not starting with a digit, and a string without NUL."),
            MapSettings.Builder::extraEnv, null,
            "Environment variables of the function."),
    EXTRA_META("extraMeta", new ObjectKinds.Text(1 << 16),
            MapSettings.Builder::extraMeta, null,
            "Carried with the invocation, and shown on the future."),
    INVOKE_POOL_THREADS("invokePoolThreads", new FieldKind.Whole(1, 1024, 64),
            MapSettings.Builder::invokePoolThreads, null,
            "Invocations being sent at once."),
    DATA_ALL_AS_ONE("dataAllAsOne", new FieldKind.Truth(true),
            MapSettings.Builder::dataAllAsOne, null,
            "Store the data as one object, or one object a call."),
    USE_CACHED_RUNTIME("useCachedRuntime", new FieldKind.Truth(true),
            MapSettings.Builder::useCachedRuntime, null,
            "false: fresh JVMs for this callset alone."),
    OVERWRITE_INVOKE_ARGS("overwriteInvokeArgs", new ObjectKinds.InvokeArgs(),
            MapSettings.Builder::overwriteInvokeArgs, null,
            "Overwrites fields of the invocation, for tests; the configuration must allow it."),
    EXCLUDE_MODULES("excludeModules", new FieldKind.Packages(100),
            MapSettings.Builder::excludeModules, null,
            "Prefixes of packages whose classes are not taken from the jar."),
    CHUNK_SIZE("chunkSize", new FieldKind.Whole(1, 100_000, null),
            MapSettings.Builder::chunkSize, null,
            "Data handed to one invocation; automatic where it is not given."),
    MAX_ATTEMPTS("maxAttempts", new FieldKind.Whole(1, 100, 1),
            MapSettings.Builder::maxAttempts, null,
            "Attempts before an error is final."),
    MAX_CONCURRENCY("maxConcurrency", new FieldKind.Whole(1, 1_000_000, null),
            MapSettings.Builder::maxConcurrency, null,
            "Calls running at once; unlimited where it is not given."),
    TOLERATED_FAILURES("toleratedFailures", new FieldKind.Tolerance(),
            MapSettings.Builder::toleratedFailures, "5%",
            "A number, or a string such as \"5%\": once more calls have failed, the rest is cancelled."),
    OUTPUT("output", new FieldKind.Prefix(),
            MapSettings.Builder::output, "s3://my-results/today/",
            "Where results are written when all calls have ended: below the prefix and the callset's id."),
    TAGS("tags", new ObjectKinds.Strings(Pattern.compile(".{1,128}", Pattern.DOTALL), 128, 256, 50, Integer.MAX_VALUE,
            "A name of 1 to 128 characters, and a string of at most 256."),
            MapSettings.Builder::tags, null,
            "To find the callset by.");

    private static final Map<String, MapField> BY_NAME = Arrays.stream(values())
            .collect(Collectors.toUnmodifiableMap(MapField::fieldName, Function.identity()));

    private final String fieldName;
    private final FieldKind<?> kind;
    private final Applied applied;
    private final @Nullable Object example;
    private final String description;

    /** Puts a value that was given into the settings, or the default where {@code given} is null. */
    private interface Applied {
        void apply(FieldKind.@Nullable Given given, FieldKind.Wrong wrong, MapSettings.Builder settings);
    }

    <T> MapField(String fieldName, FieldKind<T> kind, BiConsumer<MapSettings.Builder, T> setting,
            @Nullable Object example, String description) {
        this.fieldName = fieldName;
        this.kind = kind;
        this.example = example;
        this.description = description;
        this.applied = (given, wrong, settings) -> {
            T value = given == null ? kind.otherwise() : kind.read(given, wrong);
            if (value != null) {
                setting.accept(settings, value);
            }
        };
    }

    /** The field of that name, or null. */
    static @Nullable MapField of(String name) {
        return BY_NAME.get(name);
    }

    /** Whether there is a field of that name whose text is kept as it was given. */
    static boolean isText(String name) {
        MapField field = of(name);
        return field != null && field.kind.form() == FieldKind.Form.JSON;
    }

    String fieldName() {
        return fieldName;
    }

    FieldKind<?> kind() {
        return kind;
    }

    /** Checks a value, and takes it over; null for one that was not given. */
    void apply(FieldKind.@Nullable Given given, FieldKind.Wrong wrong, MapSettings.Builder settings) {
        applied.apply(given, wrong, settings);
    }

    /** As a member of a body, in the specification. */
    Schema<?> schema() {
        Schema<?> schema = kind.schema().description(description);
        if (example != null) {
            schema.setExample(example);
        }
        return schema;
    }
}
