package dev.wren.client;

import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a map runs; what is not said is as the gateway has it. Each method gives other options, and changes none. The gateway
 * checks ranges, and says what is wrong.
 */
public final class MapOptions {

    private static final MapOptions DEFAULTS = new MapOptions(Map.of(), List.of(), null, null, true);

    private final Map<String, Object> fields;
    private final List<String> jars;
    private final @Nullable String idempotencyKey;
    private final @Nullable Type value;
    private final boolean progress;

    private MapOptions(Map<String, Object> fields, List<String> jars, @Nullable String idempotencyKey,
            @Nullable Type value, boolean progress) {
        this.fields = Collections.unmodifiableMap(fields);
        this.jars = List.copyOf(jars);
        this.idempotencyKey = idempotencyKey;
        this.value = value;
        this.progress = progress;
    }

    /** Nothing is said. */
    public static MapOptions defaults() {
        return DEFAULTS;
    }

    private MapOptions with(String name, Object field) {
        Map<String, Object> more = new LinkedHashMap<>(fields);
        more.put(name, field);
        return new MapOptions(more, jars, idempotencyKey, value, progress);
    }

    /** Name of the executor: {@code local}, {@code lambda}, {@code standalone}, or another of the gateway's. */
    public MapOptions executor(String name) {
        return with("executor", name);
    }

    /** Settings of the executor to override, such as {@code memory}. */
    public MapOptions config(Map<String, ?> settings) {
        return with("config", Map.copyOf(settings));
    }

    /** How long a single attempt may run. */
    public MapOptions jobMaxRuntime(Duration time) {
        return with("jobMaxRuntime", BigDecimal.valueOf(time.toMillis(), 3));
    }

    /** Environment variables of the function. */
    public MapOptions extraEnv(Map<String, String> variables) {
        return with("extraEnv", Map.copyOf(variables));
    }

    /** A JSON object that is carried with each invocation, and shown on the futures. */
    public MapOptions extraMeta(Map<String, ?> meta) {
        return with("extraMeta", new LinkedHashMap<>(meta));
    }

    /** Invocations being sent at once. */
    public MapOptions invokePoolThreads(int threads) {
        return with("invokePoolThreads", threads);
    }

    /** Whether the data are stored as one object, or one object a call. */
    public MapOptions dataAllAsOne(boolean asOne) {
        return with("dataAllAsOne", asOne);
    }

    /** false: fresh JVMs for this map alone. */
    public MapOptions useCachedRuntime(boolean cached) {
        return with("useCachedRuntime", cached);
    }

    /** Fields of the invocation to overwrite, for tests. */
    public MapOptions overwriteInvokeArgs(Map<String, ?> fieldsOfInvocation) {
        return with("overwriteInvokeArgs", Map.copyOf(fieldsOfInvocation));
    }

    /** Prefixes of packages whose classes are not taken from the jars. */
    public MapOptions excludeModules(List<String> packages) {
        return with("excludeModules", List.copyOf(packages));
    }

    /** Data handed to one invocation. */
    public MapOptions chunkSize(int data) {
        return with("chunkSize", data);
    }

    /** Attempts before an error is final. */
    public MapOptions maxAttempts(int attempts) {
        return with("maxAttempts", attempts);
    }

    /** Calls running at once. */
    public MapOptions maxConcurrency(int calls) {
        return with("maxConcurrency", calls);
    }

    /** Once more calls than that have failed, the rest is cancelled. */
    public MapOptions toleratedFailures(int calls) {
        return with("toleratedFailures", calls);
    }

    /** The same as a share of all calls, such as {@code 5%}. */
    public MapOptions toleratedFailures(String share) {
        return with("toleratedFailures", share);
    }

    /** Where results are written once all calls have ended: {@code s3://bucket/prefix/}. */
    public MapOptions output(String uri) {
        return with("output", uri);
    }

    /** To find the callset by. */
    public MapOptions tags(Map<String, String> tags) {
        return with("tags", Map.copyOf(tags));
    }

    /** A class path that the gateway has, instead of this program's: names, {@code sha256:…}, {@code s3://…}. */
    public MapOptions jars(String... references) {
        return new MapOptions(fields, List.of(references), idempotencyKey, value, progress);
    }

    /** The same key with the same map gives the same callset, for a day. Without it there is a new one for each map. */
    public MapOptions idempotencyKey(String key) {
        return new MapOptions(fields, jars, key, value, progress);
    }

    /** What values are bound to, where the function does not say it: type parameters of what a lambda returns. */
    public MapOptions returning(Type type) {
        return new MapOptions(fields, jars, idempotencyKey, type, progress);
    }

    /** Whether a bar is shown on a terminal while this map runs and is waited for. */
    public MapOptions progress(boolean shown) {
        return new MapOptions(fields, jars, idempotencyKey, value, shown);
    }

    Map<String, Object> fields() {
        return fields;
    }

    List<String> jars() {
        return jars;
    }

    @Nullable
    String idempotencyKey() {
        return idempotencyKey;
    }

    @Nullable
    Type value() {
        return value;
    }

    boolean progress() {
        return progress;
    }
}
