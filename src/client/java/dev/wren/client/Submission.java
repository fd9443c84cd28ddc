package dev.wren.client;

import dev.wren.client.generated.invoker.ApiClient;
import dev.wren.client.generated.model.Callset;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Submits maps and reduces, each once, however often it has to be sent. Safe for use by several threads. */
final class Submission {

    private final Gateways gateways;
    private final CodeUpload code;
    private final JsonMapper json;
    private final Predicate<Path> leaveOut;
    /** Class paths by their loaders: what a program has loaded it has loaded, whatever becomes of the files. */
    private final Map<@Nullable ClassLoader, List<String>> brought = new WeakHashMap<>();
    /** Reads answers, whatever the user's writes and reads. */
    private final JsonMapper plain = (JsonMapper) ApiClient
            .createDefaultObjectMapper();

    /**
     * @param leaveOut entries of the class path that stay here
     */
    Submission(Gateways gateways, CodeUpload code, JsonMapper json, Predicate<Path> leaveOut) {
        this.leaveOut = leaveOut;
        this.gateways = gateways;
        this.code = code;
        this.json = json;
    }

    Callset map(FunctionCode function, Iterator<?> data, MapOptions options) {
        List<String> jars = jars(function, options);
        String key = options.idempotencyKey() == null ? UUID.randomUUID().toString() : options.idempotencyKey();
        try (MapBody body = new MapBody(fields(function, jars, options.fields()), data, json)) {
            try {
                return send("/calls", key, body);
            } catch (WrenException e) {
                if (!isOfJars(e) || !options.jars().isEmpty()) {
                    throw e;
                }
                // What was there a while ago may have been removed since. The body says the same.
                synchronized (brought) {
                    brought.clear();
                }
                List<String> unused = jars(function, options);
                return send("/calls", key, body);
            }
        }
    }

    private Callset send(String path, String key, MapBody body) {
        return send(path, key, BodyPublishers.ofInputStream(body::open), body);
    }

    private Callset send(String path, String key, HttpRequest.BodyPublisher body, @Nullable MapBody made) {
        return gateways.send(path, request -> request.header("Content-Type", "application/json")
                .header("Idempotency-Key", key).POST(body), Set.of(), (status, answer) -> callset(answer),
                () -> made == null ? null : made.failure());
    }

    private Callset callset(InputStream answer) throws IOException {
        return plain.readValue(answer, Callset.class);
    }

    /** A reduce of the values of a callset. */
    Callset reduce(FunctionCode function, String callset, MapOptions options) {
        byte[] body = fields(function, jars(function, options), Map.of());
        return send("/calls/" + callset + "/reduce", UUID.randomUUID().toString(), BodyPublishers.ofByteArray(body),
                null);
    }

    private static boolean isOfJars(WrenException e) {
        return e.status() == 422 && e.problem().equals("invalid-function")
                && String.valueOf(e.getMessage()).contains("/function/jar");
    }

    private List<String> jars(FunctionCode function, MapOptions options) {
        if (!options.jars().isEmpty()) {
            return options.jars();
        }
        Class<?> type = function.type();
        if (type == null) {
            throw FunctionCode.refused("A function that is named by its handler, " + function.handler()
                    + ", needs jars that the gateway has: MapOptions.jars(…).");
        }
        ClassLoader loader = type.getClassLoader();
        synchronized (brought) {
            List<String> known = brought.get(loader);
            if (known == null) {
                known = code.bring(ClassPath.of(type, leaveOut));
                brought.put(loader, known);
            }
            return known;
        }
    }

    private byte[] fields(FunctionCode function, List<String> jars, Map<String, Object> options) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Map<String, Object> what = new LinkedHashMap<>();
        what.put("jars", jars);
        what.put("handler", function.handler());
        if (!function.arguments().equals("[]")) {
            what.put("arguments", plain.readTree(function.arguments()));
        }
        fields.put("function", what);
        fields.putAll(options);
        return json.writeValueAsBytes(fields);
    }
}
