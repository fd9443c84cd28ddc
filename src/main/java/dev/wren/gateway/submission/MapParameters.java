package dev.wren.gateway.submission;

import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemException.FieldError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
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

    private final JsonParsers parsers = new JsonParsers(32);
    private final Map<String, JsonNode> fields = new LinkedHashMap<>();
    private final Map<String, ObjectNode> maps = new LinkedHashMap<>();
    private final ObjectNode function = NODES.objectNode();
    private final List<FieldError> errors = new ArrayList<>();
    /** Fields that are kept as texts, in the digits that were given. */
    private final Map<String, StringJoiner> texts = new LinkedHashMap<>();

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
        Map<String, String> texts = new LinkedHashMap<>();
        parameters.texts.forEach((name, text) -> texts.put(name, text.toString()));
        MapFields checked = new MapFields(parameters.fields, texts, false);
        parameters.errors.forEach(checked::wrong);
        return checked.settings();
    }

    private void take(String name, String[] values) {
        int dot = name.indexOf('.');
        MapField field = MapField.of(dot < 0 ? name : name.substring(0, dot));
        FieldKind.Form form = field == null ? null : field.kind().form();
        if (name.equals(FunctionFields.ARGUMENTS)) {
            var list = function.putArray(name);
            for (String value : values) {
                JsonNode given = json(value);
                list.add(given == null ? NODES.stringNode(value) : given);
            }
        } else if (name.equals(FunctionFields.JARS)) {
            var list = function.putArray(name);
            for (String value : values) {
                list.add(value);
            }
        } else if (form == FieldKind.Form.LIST && dot < 0) {
            var list = NODES.arrayNode();
            for (String value : values) {
                list.add(value);
            }
            fields.put(name, list);
        } else if (values.length > 1) {
            errors.add(new FieldError(null, name, "This parameter may be given once."));
        } else if (FunctionFields.has(name)) {
            function.put(name, values[0]);
        } else if (form == null) {
            errors.add(unknown(name));
        } else if (dot > 0) {
            entry(form, name.substring(0, dot), name.substring(dot + 1), values[0]);
        } else {
            whole(form, name, values[0]);
        }
    }

    private static FieldError unknown(String name) {
        return new FieldError(null, name, "There is no such parameter.");
    }

    private void whole(FieldKind.Form form, String field, String value) {
        switch (form) {
            case TEXT -> fields.put(field, NODES.stringNode(value));
            case SCALAR -> fields.put(field, scalar(value));
            case SCALARS, TEXTS, JSON -> errors.add(new FieldError(null, field,
                    "Its entries are given as " + field + ".name=value."));
            case LIST -> throw new IllegalStateException(field + " is taken before");
        }
    }

    private void entry(FieldKind.Form form, String field, String name, String value) {
        switch (form) {
            case TEXTS -> map(field).set(name, NODES.stringNode(value));
            case SCALARS -> map(field).set(name, scalar(value));
            case JSON -> {
                ObjectNode _ = map(field);
                texts.computeIfAbsent(field, _ -> new StringJoiner(",", "{", "}")).add(NODES.stringNode(name) + ":"
                        + (json(value) == null ? NODES.stringNode(value).toString() : value.strip()));
            }
            case TEXT, SCALAR, LIST -> errors.add(unknown(field + "." + name));
        }
    }

    private ObjectNode map(String field) {
        return maps.computeIfAbsent(field, _ -> NODES.objectNode());
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
