package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import io.swagger.v3.oas.models.media.Schema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Fields of a map that are objects. */
final class ObjectKinds {

    private ObjectKinds() {
    }

    /**
     * An object that is checked member by member.
     *
     * @param <T> what its members are
     */
    sealed interface Members<T> extends FieldKind<Map<String, T>> {

        /** The value of a member; null where it is wrong, and {@code wrong} was told why. */
        @Nullable
        T member(String name, JsonNode value, Consumer<String> wrong);

        @Override
        default Map<String, T> read(FieldKind.Given given, FieldKind.Wrong wrong) {
            if (!given.value().isObject()) {
                wrong.at(given.pointer(), "An object.");
                return Map.of();
            }
            Map<String, T> members = new LinkedHashMap<>();
            given.value().properties().forEach(entry -> {
                String name = entry.getKey();
                T member = member(name, entry.getValue(), why -> wrong.at(Pointers.to(given.name(), name), why));
                if (member != null) {
                    members.put(name, member);
                }
            });
            return members;
        }

        @Override
        default Map<String, T> otherwise() {
            return Map.of();
        }

        @Override
        default FieldKind.Form form() {
            return FieldKind.Form.SCALARS;
        }

        @Override
        default Schema<?> schema() {
            return FieldKind.of("object").additionalProperties(new Schema<>());
        }

        @Override
        default Schema<?> parameter() {
            return FieldKind.of("string");
        }
    }

    /**
     * Members are strings.
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
                Members<String> {

        @Override
        public @Nullable String member(String name, JsonNode value, Consumer<String> wrong) {
            if (names.matcher(name).matches() && name.length() <= maxName && value.isString()
                    && value.asString().length() <= maxValue && value.asString().indexOf('\0') < 0) {
                return value.asString();
            }
            wrong.accept(rule);
            return null;
        }

        @Override
        public Map<String, String> read(FieldKind.Given given, FieldKind.Wrong wrong) {
            Map<String, String> strings = Members.super.read(given, wrong);
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

    /** Members are strings, numbers or booleans. */
    record Scalars() implements Members<Object> {

        @Override
        public @Nullable Object member(String name, JsonNode value, Consumer<String> wrong) {
            if (value.isString()) {
                return value.asString();
            }
            if (value.isBoolean()) {
                return value.booleanValue();
            }
            if (value.isNumber()) {
                return value.numberValue();
            }
            wrong.accept("A string, a number, true or false.");
            return null;
        }
    }

    /** Members are fields of an invocation. */
    record InvokeArgs() implements Members<Object> {

        /** Whether each is a number; the others are strings. */
        private static final Map<String, Boolean> OVERWRITABLE = Map.of("protocolVersion", true, "callsetId", false,
                "sha256", false, "jar", false, "handler", false, "extraMeta", false);

        @Override
        public @Nullable Object member(String name, JsonNode value, Consumer<String> wrong) {
            Boolean number = OVERWRITABLE.get(name);
            if (number == null) {
                wrong.accept("There is no such field of an invocation; there are "
                        + OVERWRITABLE.keySet().stream().sorted().toList() + ".");
            } else if (number && !(value.isIntegralNumber() && value.canConvertToInt())) {
                wrong.accept("A whole number.");
            } else if (!number && !value.isString()) {
                wrong.accept("A string.");
            } else {
                return number ? (Object) value.intValue() : value.asString();
            }
            return null;
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
}
