package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemException.FieldError;
import dev.wren.gateway.web.problem.ProblemType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Checks the fields of a map, whether they came as JSON or as query parameters. All that is wrong is collected, up to a
 * bound. Used by one thread, once.
 */
final class MapFields {

    /** Characters of a jar's reference, a handler, an executor's name. */
    static final int MAX_TEXT = 1024;

    private static final int MAX_ERRORS = 50;

    private final Map<String, JsonNode> fields;
    private final Map<String, String> texts;
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
     * @param texts those of fields that are kept as they were given, by name
     * @param pointers whether errors carry pointers, or names of query parameters
     */
    MapFields(Map<String, JsonNode> fields, Map<String, String> texts, boolean pointers) {
        this.fields = fields;
        this.texts = texts;
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
        MapFields checked = new MapFields(fields, Map.of(), true);
        for (String name : fields.keySet()) {
            if (MapField.of(name) != null || name.equals("iterdata")) {
                checked.wrong(Pointers.to(name), "A reduce has the settings of its map; there is only function.");
            }
        }
        return map.toBuilder().function(checked.settings().function()).build();
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
            if (!isField(name)) {
                unknown(name);
            }
        }
        MapSettings.Builder settings = MapSettings.builder();
        settings.function(FunctionFields.read(fields.get("function"), this::wrong));
        for (MapField field : MapField.values()) {
            String name = field.fieldName();
            JsonNode value = fields.get(name);
            field.apply(value == null ? null : new FieldKind.Given(name, value, texts.get(name)), this::wrong,
                    settings);
        }
        if (!errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, errors.size() == 1
                    ? "One field is not valid: " + errors.getFirst().detail()
                    : errors.size() + " fields are not valid.", errors);
        }
        return settings.build();
    }

    /** Whether a map has a field of this name, besides its data. */
    static boolean isField(String name) {
        return name.equals("function") || MapField.of(name) != null;
    }
}
