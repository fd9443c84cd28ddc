package dev.wren.gateway.submission;

import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemException.FieldError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a map as query parameters: {@code jar} and {@code handler}, entries of maps as {@code tags.k=v}, lists by
 * repeating the parameter. A value is a number, true or false where its field is one; in {@code extraMeta.k} it is any
 * JSON, and text that is no JSON is a string. Used by one thread, once.
 */
final class MapParameters {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Set<String> TEXTS = Set.of("executor", "jobMaxRuntime", "invokePoolThreads", "dataAllAsOne",
            "useCachedRuntime", "chunkSize", "maxAttempts", "maxConcurrency", "toleratedFailures");
    private static final Set<String> MAPS = Set.of("config", "extraEnv", "extraMeta", "overwriteInvokeArgs", "tags");
    private static final String META = "extraMeta";
    private static final Set<String> STRINGS = Set.of("executor", "extraEnv", "tags");

    private final JsonParsers parsers = new JsonParsers(32);
    private final Map<String, JsonNode> fields = new LinkedHashMap<>();
    private final Map<String, ObjectNode> maps = new LinkedHashMap<>();
    private final ObjectNode function = NODES.objectNode();
    private final List<FieldError> errors = new ArrayList<>();
    /** The members of {@code extraMeta}, in the digits that were given. */
    private final StringBuilder meta = new StringBuilder();

    /**
     * The settings that a query says.
     *
     * @throws ProblemException {@code invalid-request}, with all that is wrong
     */
    static MapSettings settings(Map<String, String[]> query) {
        MapParameters parameters = new MapParameters();
        query.forEach(parameters::take);
        parameters.fields.put("function", parameters.function);
        parameters.fields.putAll(parameters.maps);
        MapFields checked = new MapFields(parameters.fields,
                parameters.meta.isEmpty() ? null : "{" + parameters.meta + "}", false);
        parameters.errors.forEach(checked::wrong);
        return checked.settings();
    }

    private void take(String name, String[] values) {
        int dot = name.indexOf('.');
        String field = dot < 0 ? name : name.substring(0, dot);
        if (name.equals("excludeModules")) {
            var list = NODES.arrayNode();
            for (String value : values) {
                list.add(value);
            }
            fields.put(name, list);
        } else if (values.length > 1) {
            errors.add(new FieldError(null, name, "This parameter may be given once."));
        } else if (name.equals("jar") || name.equals("handler")) {
            function.put(name, values[0]);
        } else if (TEXTS.contains(name)) {
            fields.put(name, STRINGS.contains(name) ? NODES.stringNode(values[0]) : scalar(values[0]));
        } else if (field.equals(META) && dot > 0) {
            maps.computeIfAbsent(META, _ -> NODES.objectNode());
            meta.append(meta.isEmpty() ? "" : ",")
                    .append(NODES.stringNode(name.substring(dot + 1)))
                    .append(':')
                    .append(json(values[0]) == null ? NODES.stringNode(values[0]).toString() : values[0].strip());
        } else if (dot > 0 && MAPS.contains(field)) {
            maps.computeIfAbsent(field, _ -> NODES.objectNode()).set(name.substring(dot + 1),
                    STRINGS.contains(field) ? NODES.stringNode(values[0]) : scalar(values[0]));
        } else {
            errors.add(new FieldError(null, name, MAPS.contains(name)
                    ? "Its entries are given as " + name + ".name=value."
                    : "There is no such parameter."));
        }
    }

    private JsonNode scalar(String text) {
        JsonNode value = json(text);
        return value != null && (value.isNumber() || value.isBoolean()) ? value : NODES.stringNode(text);
    }

    private @Nullable JsonNode json(String text) {
        try (var parser = parsers.mapper().createParser(text)) {
            if (parser.nextToken() == null) {
                return null;
            }
            JsonNode value = parsers.mapper().readTree(parser);
            return parser.nextToken() == null ? value : null;
        } catch (JacksonException _) {
            return null;
        }
    }
}
