package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.ToleratedFailures;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemException.FieldError;
import dev.wren.gateway.web.ProblemType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Checks the fields of a map, whether they came as JSON or as query parameters. All that is wrong is collected, up to a
 * bound. Used by one thread, once.
 */
public final class MapFields {

    static final Set<String> NAMES = Set.of("function", "iterdata", "executor", "config", "jobMaxRuntime", "extraEnv",
            "extraMeta", "invokePoolThreads", "dataAllAsOne", "useCachedRuntime", "overwriteInvokeArgs",
            "excludeModules", "chunkSize", "maxAttempts", "maxConcurrency", "toleratedFailures", "tags");

    private static final int MAX_ERRORS = 50;
    private static final int MAX_TEXT = 1024;
    private static final int MAX_META = 1 << 16;
    private static final int MAX_ENVIRONMENT = 1 << 16;
    private static final int MAX_TAGS = 50;
    private static final BigDecimal MAX_RUNTIME = BigDecimal.valueOf(86_400);
    private static final BigDecimal MIN_RUNTIME = new BigDecimal("0.001");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern PACKAGE = Pattern
            .compile("[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*\\.?");
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?)%");
    private static final Map<String, Boolean> OVERWRITABLE = Map.of("protocolVersion", true, "callsetId", false,
            "sha256", false, "jar", false, "handler", false, "extraMeta", false);

    private final Map<String, JsonNode> fields;
    private final @Nullable String extraMeta;
    private final Function<String, FieldErrorAt> where;
    private final List<FieldError> errors = new ArrayList<>();

    /** Makes an error of what is wrong at a place. */
    interface FieldErrorAt {
        FieldError error(String detail);
    }

    /**
     * Fields to check.
     *
     * @param fields by name, without {@code iterdata}
     * @param extraMeta the text of that field, if it was given
     * @param pointers whether errors carry pointers, or names of query parameters
     */
    MapFields(Map<String, JsonNode> fields, @Nullable String extraMeta, boolean pointers) {
        this.fields = fields;
        this.extraMeta = extraMeta;
        this.where = pointers
                ? path -> detail -> new FieldError(path, null, detail)
                : path -> detail -> new FieldError(null, parameter(path), detail);
    }

    /** A problem with fields of the body as one with query parameters. */
    static ProblemException inQuery(ProblemException problem) {
        return problem.withErrors(problem.errors().stream()
                .map(error -> error.pointer() == null || error.pointer().isEmpty()
                        ? error
                        : new FieldError(null, parameter(error.pointer()), error.detail()))
                .toList());
    }

    private static String parameter(String pointer) {
        String path = pointer.startsWith("/function/") ? pointer.substring("/function".length()) : pointer;
        return Pointers.names(path).collect(Collectors.joining("."));
    }

    /**
     * The settings of a reduce: those of its map, with another function.
     *
     * @throws ProblemException {@code invalid-request}, with all that is wrong
     */
    static MapSettings reduce(JsonNode body, MapSettings map) {
        if (!body.isObject()) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "", "The body must be a JSON object.");
        }
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        body.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        MapFields checked = new MapFields(fields, null, true);
        for (String name : fields.keySet()) {
            if (NAMES.contains(name) && !name.equals("function")) {
                checked.wrong(Pointers.to(name), "A reduce has the settings of its map; there is only function.");
            }
        }
        MapSettings function = checked.settings();
        return map.withFunction(function.jar(), function.handler());
    }

    /** Notes what is wrong at a place that this class does not look at. */
    void wrong(String pointer, String detail) {
        if (errors.size() < MAX_ERRORS) {
            errors.add(where.apply(pointer).error(detail));
        }
    }

    /** Notes a field that a map does not have. */
    void unknown(String name) {
        wrong(Pointers.to(name), "There is no such field.");
    }

    /** Notes what was found wrong before. */
    void wrong(FieldError error) {
        if (errors.size() < MAX_ERRORS) {
            errors.add(error);
        }
    }

    /**
     * The settings.
     *
     * @throws ProblemException {@code invalid-request}, with all that is wrong
     */
    MapSettings settings() {
        for (String name : fields.keySet()) {
            if (!NAMES.contains(name)) {
                unknown(name);
            }
        }
        JsonNode function = fields.get("function");
        String jar = "";
        String handler = "";
        if (function == null) {
            wrong("/function", "This field is missing.");
        } else if (!function.isObject()) {
            wrong("/function", "An object with jar and handler.");
        } else {
            function.propertyNames().forEach(name -> {
                if (!name.equals("jar") && !name.equals("handler")) {
                    wrong(Pointers.to("function", name), "There is no such field; there are jar and handler.");
                }
            });
            jar = text(function.get("jar"), "/function/jar");
            handler = text(function.get("handler"), "/function/handler");
        }
        String executor = fields.containsKey("executor") ? text(fields.get("executor"), "/executor") : null;
        MapSettings settings = new MapSettings(jar, handler, executor, config(), runtime(), environment(), meta(),
                whole("invokePoolThreads", 64, 1, 1024), truth("dataAllAsOne"), truth("useCachedRuntime"),
                overwrite(), excluded(), optional("chunkSize", 100_000), whole("maxAttempts", 1, 1, 100),
                optional("maxConcurrency", 1_000_000), tolerated(), tags());
        if (!errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, errors.size() == 1
                    ? "One field is not valid: " + errors.getFirst().detail()
                    : errors.size() + " fields are not valid.", errors);
        }
        return settings;
    }

    private String text(@Nullable JsonNode node, String pointer) {
        if (node == null) {
            wrong(pointer, "This field is missing.");
        } else if (!node.isString() || node.asString().isEmpty() || node.asString().length() > MAX_TEXT) {
            wrong(pointer, "A string of 1 to " + MAX_TEXT + " characters.");
        } else {
            return node.asString();
        }
        return "";
    }

    private int whole(String name, int otherwise, int min, int max) {
        JsonNode node = fields.get(name);
        if (node == null) {
            return otherwise;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            wrong("/" + name, "A whole number from " + min + " to " + max + ".");
            return otherwise;
        }
        return node.intValue();
    }

    private @Nullable Integer optional(String name, int max) {
        return fields.containsKey(name) ? (Integer) whole(name, 1, 1, max) : null;
    }

    private boolean truth(String name) {
        JsonNode node = fields.get(name);
        if (node != null && !node.isBoolean()) {
            wrong("/" + name, "true or false.");
        }
        return node == null || !node.isBoolean() || node.booleanValue();
    }

    private Duration runtime() {
        JsonNode node = fields.get("jobMaxRuntime");
        if (node == null) {
            return Duration.ofSeconds(200);
        }
        if (node.isNumber() && node.asString().length() <= 32) {
            BigDecimal seconds = node.decimalValue();
            if (seconds.compareTo(MIN_RUNTIME) >= 0 && seconds.compareTo(MAX_RUNTIME) <= 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValue());
            }
        }
        wrong("/jobMaxRuntime", "A number of seconds from 0.001 to 86400.");
        return Duration.ofSeconds(200);
    }

    private @Nullable ToleratedFailures tolerated() {
        JsonNode node = fields.get("toleratedFailures");
        if (node == null) {
            return null;
        }
        if (node.isIntegralNumber() && node.canConvertToInt() && node.intValue() >= 0) {
            return new ToleratedFailures(node.intValue(), false);
        }
        if (node.isString()) {
            var percent = PERCENT.matcher(node.asString());
            if (percent.matches() && Double.parseDouble(percent.group(1)) <= 100) {
                return new ToleratedFailures(Double.parseDouble(percent.group(1)), true);
            }
        }
        wrong("/toleratedFailures", "A whole number from 0 on, or a string such as \"5%\", from \"0%\" to \"100%\".");
        return null;
    }

    private Map<String, JsonNode> object(String name) {
        JsonNode node = fields.get(name);
        if (node == null) {
            return Map.of();
        }
        if (!node.isObject()) {
            wrong("/" + name, "An object.");
            return Map.of();
        }
        Map<String, JsonNode> entries = new LinkedHashMap<>();
        node.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
        return entries;
    }

    private Map<String, String> environment() {
        Map<String, String> variables = new LinkedHashMap<>();
        int size = 0;
        for (Map.Entry<String, JsonNode> entry : object("extraEnv").entrySet()) {
            String pointer = Pointers.to("extraEnv", entry.getKey());
            if (!VARIABLE.matcher(entry.getKey()).matches()) {
                wrong(pointer, "A name of letters, digits and '_', not starting with a digit.");
            } else if (!entry.getValue().isString() || entry.getValue().asString().indexOf('\0') >= 0) {
                wrong(pointer, "A string without NUL.");
            } else {
                variables.put(entry.getKey(), entry.getValue().asString());
                size += entry.getKey().length() + entry.getValue().asString().length();
            }
        }
        if (size > MAX_ENVIRONMENT) {
            wrong("/extraEnv", "At most " + MAX_ENVIRONMENT + " characters altogether.");
        }
        return variables;
    }

    private String meta() {
        object("extraMeta");
        String text = extraMeta == null ? "{}" : extraMeta;
        if (text.length() > MAX_META) {
            wrong("/extraMeta", "At most " + MAX_META + " characters.");
        }
        return text;
    }

    private Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        object("config").forEach((name, value) -> {
            Object scalar = scalar(value);
            if (scalar == null) {
                wrong(Pointers.to("config", name), "A string, a number, true or false.");
            } else {
                config.put(name, scalar);
            }
        });
        return config;
    }

    private Map<String, Object> overwrite() {
        Map<String, Object> overwrite = new LinkedHashMap<>();
        object("overwriteInvokeArgs").forEach((name, value) -> {
            String pointer = Pointers.to("overwriteInvokeArgs", name);
            Boolean number = OVERWRITABLE.get(name);
            if (number == null) {
                wrong(pointer, "There is no such field of an invocation; there are "
                        + OVERWRITABLE.keySet().stream().sorted().toList() + ".");
            } else if (number && !(value.isIntegralNumber() && value.canConvertToInt())) {
                wrong(pointer, "A whole number.");
            } else if (!number && !value.isString()) {
                wrong(pointer, "A string.");
            } else {
                overwrite.put(name, number ? (Object) value.intValue() : value.asString());
            }
        });
        return overwrite;
    }

    private static @Nullable Object scalar(JsonNode value) {
        if (value.isString()) {
            return value.asString();
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        return value.isNumber() ? value.numberValue() : null;
    }

    private List<String> excluded() {
        JsonNode node = fields.get("excludeModules");
        List<String> prefixes = new ArrayList<>();
        if (node == null) {
            return prefixes;
        }
        if (!node.isArray() || node.size() > 100) {
            wrong("/excludeModules", "An array of at most 100 prefixes of packages.");
            return prefixes;
        }
        for (int i = 0; i < node.size(); i++) {
            JsonNode each = node.get(i);
            if (each.isString() && PACKAGE.matcher(each.asString()).matches()) {
                String prefix = each.asString();
                prefixes.add(prefix.endsWith(".") ? prefix.substring(0, prefix.length() - 1) : prefix);
            } else {
                wrong("/excludeModules/" + i, "A package, such as \"com.example\".");
            }
        }
        return prefixes;
    }

    private Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        object("tags").forEach((name, value) -> {
            if (name.isEmpty() || name.length() > 128 || !value.isString() || value.asString().length() > 256) {
                wrong(Pointers.to("tags", name), "A name of 1 to 128 characters, and a string of at most 256.");
            } else {
                tags.put(name, value.asString());
            }
        });
        if (tags.size() > MAX_TAGS) {
            wrong("/tags", "At most " + MAX_TAGS + " tags.");
        }
        return tags;
    }
}
