package dev.wren.client.cli;

import dev.wren.client.MapOptions;
import dev.wren.client.RemoteFunction;
import dev.wren.client.ResponseFuture;
import dev.wren.client.WrenExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Submits a map. */
@Command(name = "map", mixinStandardHelpOptions = true, description = {"Maps a function of a jar over lines of JSON.",
        "Prints the callset's id, for wren wait and wren results."})
final class MapCommand implements Callable<Integer> {

    @Mixin
    private final Connection connection = new Connection();

    @Option(names = "--jar", required = true, paramLabel = "JAR",
            description = "A file, which is uploaded where it is missing; or what the gateway knows: a"
                    + " name, sha256:..., s3://... Several are a class path, in order.")
    private List<String> jars = new ArrayList<>();

    @Option(names = "--handler", required = true, paramLabel = "HANDLER",
            description = "pkg.Class, pkg.Class::method or pkg.Class::method(descriptor).")
    private String handler = "";

    @Parameters(arity = "0..1", paramLabel = "DATA", defaultValue = "-",
            description = "A file with one JSON datum a line; standard input where it is not given.")
    private String data = "-";

    @Option(names = "--wait", description = "Waits, and prints the values as wren results does.")
    private boolean wait;

    @Option(names = "--executor", description = "local, lambda, standalone, or another of the gateway's.")
    private @Nullable String executor;

    @Option(names = "--config", paramLabel = "NAME=VALUE", description = "Overrides a setting of the executor.")
    private Map<String, String> config = new LinkedHashMap<>();

    @Option(names = {"--job_max_runtime",
            "--job-max-runtime"}, paramLabel = "SECONDS", description = "How long an attempt may run.")
    private @Nullable Double jobMaxRuntime;

    @Option(names = {"--extra_env",
            "--extra-env"}, paramLabel = "NAME=VALUE", description = "An environment variable of the function.")
    private Map<String, String> extraEnv = new LinkedHashMap<>();

    @Option(names = {"--extra_meta",
            "--extra-meta"}, paramLabel = "NAME=JSON",
            description = "Carried with the invocation; a value that is no JSON is a text.")
    private Map<String, String> extraMeta = new LinkedHashMap<>();

    @Option(names = {"--invoke_pool_threads", "--invoke-pool-threads"}, description = "Invocations being sent at once.")
    private @Nullable Integer invokePoolThreads;

    @Option(names = {"--data_all_as_one",
            "--data-all-as-one"}, arity = "1", description = "true or false: the data as one object, or each alone.")
    private @Nullable Boolean dataAllAsOne;

    @Option(names = {"--use_cached_runtime",
            "--use-cached-runtime"}, arity = "1",
            description = "true or false: JVMs that others use too, or fresh ones.")
    private @Nullable Boolean useCachedRuntime;

    @Option(names = {"--overwrite_invoke_args",
            "--overwrite-invoke-args"}, paramLabel = "NAME=JSON",
            description = "Overwrites a field of the invocation, for tests.")
    private Map<String, String> overwriteInvokeArgs = new LinkedHashMap<>();

    @Option(names = {"--exclude_modules",
            "--exclude-modules"}, paramLabel = "PACKAGE", description = "A package that is not taken from the jars.")
    private List<String> excludeModules = new ArrayList<>();

    @Option(names = {"--chunk_size", "--chunk-size"}, description = "Data handed to one invocation.")
    private @Nullable Integer chunkSize;

    @Option(names = {"--max_attempts", "--max-attempts"}, description = "Attempts before an error is final.")
    private @Nullable Integer maxAttempts;

    @Option(names = {"--max_concurrency", "--max-concurrency"}, description = "Calls running at once.")
    private @Nullable Integer maxConcurrency;

    @Option(names = {"--tolerated_failures",
            "--tolerated-failures"},
            description = "A number, or such as 5%%: once more calls have failed, the rest is cancelled.")
    private @Nullable String toleratedFailures;

    @Option(names = {"--results_to",
            "--results-to"}, paramLabel = "S3URI", description = "Where results are written: s3://bucket/prefix/.")
    private @Nullable String resultsTo;

    @Option(names = {"--tag", "--tags"}, paramLabel = "NAME=VALUE", description = "To find the callset by.")
    private Map<String, String> tags = new LinkedHashMap<>();

    @Option(names = {"--idempotency_key",
            "--idempotency-key"}, paramLabel = "KEY",
            description = "The same key with the same map gives the same callset, for a day.")
    private @Nullable String idempotencyKey;

    @Override
    public Integer call() throws IOException {
        try (WrenExecutor to = connection.executor(executor); DataFile file = new DataFile(data)) {
            MapOptions options = options().jars(jars.stream().map(jar -> reference(to, jar)).toArray(String[]::new));
            List<ResponseFuture<JsonNode>> futures = to.map(RemoteFunction.<Object, JsonNode>named(handler,
                    JsonNode.class),
                    StreamSupport.stream(
                            Spliterators.spliteratorUnknownSize(file, Spliterator.ORDERED), false),
                    options);
            if (futures.isEmpty()) {
                connection.err().println("wren: there are no data, and so nothing to run");
                return 0;
            }
            String id = futures.getFirst().callsetId();
            if (wait) {
                connection.err().println("callset " + id);
                return new Results(connection).print(to, futures);
            }
            if (connection.isJson()) {
                Table table = connection.table("callsetId", "size");
                table.row(id, futures.size());
            } else {
                connection.out().println(id);
            }
            return 0;
        }
    }

    /** A file is meant where there is one, or where it looks like the path of one. */
    private static String reference(WrenExecutor to, String jar) {
        boolean isUri = jar.startsWith("sha256:") || jar.startsWith("s3://");
        if (!isUri && (Path.of(jar).toFile().exists() || jar.indexOf('/') >= 0)) {
            if (!Path.of(jar).toFile().isFile()) {
                throw new IllegalArgumentException("There is no file " + jar + ".");
            }
            return to.upload(Path.of(jar));
        }
        return jar;
    }

    private MapOptions options() {
        MapOptions options = MapOptions.defaults().config(scalars(config)).extraEnv(extraEnv).tags(tags)
                .excludeModules(excludeModules);
        options = extraMeta.isEmpty() ? options : options.extraMeta(json(extraMeta));
        options = overwriteInvokeArgs.isEmpty() ? options : options.overwriteInvokeArgs(scalars(overwriteInvokeArgs));
        options = jobMaxRuntime == null ? options : options.jobMaxRuntime(Connection.seconds(jobMaxRuntime));
        options = invokePoolThreads == null ? options : options.invokePoolThreads(invokePoolThreads);
        options = dataAllAsOne == null ? options : options.dataAllAsOne(dataAllAsOne);
        options = useCachedRuntime == null ? options : options.useCachedRuntime(useCachedRuntime);
        options = chunkSize == null ? options : options.chunkSize(chunkSize);
        options = maxAttempts == null ? options : options.maxAttempts(maxAttempts);
        options = maxConcurrency == null ? options : options.maxConcurrency(maxConcurrency);
        options = resultsTo == null ? options : options.output(resultsTo);
        options = idempotencyKey == null ? options : options.idempotencyKey(idempotencyKey);
        if (toleratedFailures != null) {
            options = toleratedFailures.matches("\\d{1,9}")
                    ? options.toleratedFailures(Integer.parseInt(toleratedFailures))
                    : options.toleratedFailures(toleratedFailures);
        }
        return options;
    }

    private static Map<String, Object> json(Map<String, String> texts) {
        Map<String, Object> values = new LinkedHashMap<>();
        texts.forEach((name, text) -> values.put(name, value(text)));
        return values;
    }

    private static Map<String, Object> scalars(Map<String, String> texts) {
        Map<String, Object> values = new LinkedHashMap<>();
        json(texts).forEach(
                (name, value) -> values.put(name, value instanceof JsonNode node && node.isContainer()
                        ? String.valueOf(texts.get(name))
                        : value));
        return values;
    }

    private static Object value(String text) {
        try {
            JsonNode value = JsonMapper.shared().readTree(text);
            return value == null || value.isMissingNode() ? text : value;
        } catch (JacksonException e) {
            return text;
        }
    }
}
