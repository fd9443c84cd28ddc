package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import io.swagger.v3.oas.models.media.Schema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Fields of a map that are objects. */
final class ObjectKinds {

    private ObjectKinds() {
    }

    private static Map<String, JsonNode> entries(FieldKind.Given given, FieldKind.Wrong wrong) {
        if (!given.value().isObject()) {
            wrong.at(given.pointer(), "An object.");
            return Map.of();
        }
        Map<String, JsonNode> entries = new LinkedHashMap<>();
        given.value().properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
        return entries;
    }

    /**
     * An object whose members are strings.
     *
     * @param names what their names look like
     * @param maxName characters of a name
     * @param maxValue characters of a value, which has no NUL
     * @param maxEntries members
     * @param maxAll characters of all names and values
     * @param rule what a member is, for people
     */
    record Strings(Pattern names, int maxName, int maxValue, int maxEntries, int maxAll, String rule)
            implements
                FieldKind<Map<String, String>> {

        @Override
        public Map<String, String> read(FieldKind.Given given, FieldKind.Wrong wrong) {
            Map<String, String> strings = new LinkedHashMap<>();
            entries(given, wrong).forEach((name, value) -> {
                if (names.matcher(name).matches() && name.length() <= maxName && value.isString()
                        && value.asString().length() <= maxValue && value.asString().indexOf('\0') < 0) {
                    strings.put(name, value.asString());
                } else {
                    wrong.at(Pointers.to(given.name(), name), rule);
                }
            });
            if (strings.size() > maxEntries) {
                wrong.at(given.pointer(), "At most " + maxEntries + " " + given.name() + ".");
            }
            long all = strings.entrySet().stream().mapToLong(each -> each.getKey().length() + each.getValue().length())
                    .sum();
            if (all > maxAll) {
                wrong.at(given.pointer(), "At most " + maxAll + " characters altogether.");
            }
            return strings;
        }

        @Override
        public Map<String, String> otherwise() {
            return Map.of();
        }

        @Override
        public FieldKind.Form form() {
            return FieldKind.Form.TEXTS;
        }

        @Override
        public Schema<?> schema() {
            return FieldKind.of("object").additionalProperties(FieldKind.of("string"));
        }

        @Override
        public Schema<?> parameter() {
            return maxValue == Integer.MAX_VALUE ? FieldKind.of("string") : FieldKind.of("string").maxLength(maxValue);
        }

        @Override
        public String entryNames() {
            return names.pattern();
        }
    }

    /** Any object, kept as the text that was given. */
    record Text(int max) implements FieldKind<String> {

        @Override
        public @Nullable String read(FieldKind.Given given, FieldKind.Wrong wrong) {
            boolean isObject = given.value().isObject();
            if (!isObject) {
                wrong.at(given.pointer(), "An object.");
            } else if (given.text() != null && given.text().length() > max) {
                wrong.at(given.pointer(), "At most " + max + " characters.");
            }
            return isObject ? given.text() : null;
        }

        @Override
        public String otherwise() {
            return "{}";
        }

        @Override
        public FieldKind.Form form() {
            return FieldKind.Form.JSON;
        }

        @Override
        public Schema<?> schema() {
            return FieldKind.of("object").additionalProperties(new Schema<>());
        }

        @Override
        public Schema<?> parameter() {
            return FieldKind.of("string");
        }
    }

    /** An object whose members are strings, numbers or booleans. */
    record Scalars() implements FieldKind<Map<String, Object>> {

        @Override
        public Map<String, Object> read(FieldKind.Given given, FieldKind.Wrong wrong) {
            Map<String, Object> scalars = new LinkedHashMap<>();
            entries(given, wrong).forEach((name, value) -> {
                if (value.isString()) {
                    scalars.put(name, value.asString());
                } else if (value.isBoolean()) {
                    scalars.put(name, value.booleanValue());
                } else if (value.isNumber()) {
                    scalars.put(name, value.numberValue());
                } else {
                    wrong.at(Pointers.to(given.name(), name), "A string, a number, true or false.");
                }
            });
            return scalars;
        }

        @Override
        public Map<String, Object> otherwise() {
            return Map.of();
        }

        @Override
        public FieldKind.Form form() {
            return FieldKind.Form.SCALARS;
        }

        @Override
        public Schema<?> schema() {
            return FieldKind.of("object").additionalProperties(new Schema<>());
        }

        @Override
        public Schema<?> parameter() {
            return FieldKind.of("string");
        }
    }

    /** Fields of an invocation. */
    record InvokeArgs() implements FieldKind<Map<String, Object>> {

        /** Whether each is a number; the others are strings. */
        private static final Map<String, Boolean> OVERWRITABLE = Map.of("protocolVersion", true, "callsetId", false,
                "sha256", false, "jar", false, "handler", false, "extraMeta", false);

        @Override
        public Map<String, Object> read(FieldKind.Given given, FieldKind.Wrong wrong) {
            Map<String, Object> overwrite = new LinkedHashMap<>();
            entries(given, wrong).forEach((name, value) -> {
                String pointer = Pointers.to(given.name(), name);
                Boolean number = OVERWRITABLE.get(name);
                if (number == null) {
                    wrong.at(pointer, "There is no such field of an invocation; there are "
                            + OVERWRITABLE.keySet().stream().sorted().toList() + ".");
                } else if (number && !(value.isIntegralNumber() && value.canConvertToInt())) {
                    wrong.at(pointer, "A whole number.");
                } else if (!number && !value.isString()) {
                    wrong.at(pointer, "A string.");
                } else {
                    overwrite.put(name, number ? (Object) value.intValue() : value.asString());
                }
            });
            return overwrite;
        }

        @Override
        public Map<String, Object> otherwise() {
            return Map.of();
        }

        @Override
        public FieldKind.Form form() {
            return FieldKind.Form.SCALARS;
        }

        @Override
        public Schema<?> schema() {
            return FieldKind.of("object").additionalProperties(new Schema<>());
        }

        @Override
        public Schema<?> parameter() {
            return FieldKind.of("string");
        }
    }
}
