package dev.wren.gateway.submission;

import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.record.ToleratedFailures;
import dev.wren.gateway.store.S3Uri;
import io.swagger.v3.oas.models.media.Schema;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a field of a map may hold: how it is checked, how it is given in a query, and how the specification describes it.
 *
 * @param <T> what it is in the settings
 */
sealed interface FieldKind<T> permits FieldKind.Text, FieldKind.Whole, FieldKind.Truth, FieldKind.Seconds,
        FieldKind.Tolerance, FieldKind.Packages, FieldKind.Prefix, ObjectKinds.Members, ObjectKinds.Text {

    /** A field that was given: its value, and its text where its form is {@link Form#JSON}. */
    record Given(String name, JsonNode value, @Nullable String text) {

        String pointer() {
            return Pointers.to(name);
        }
    }

    /** Takes what is wrong with a field. */
    interface Wrong {
        void at(String pointer, String detail);
    }

    /** How a field is given in a query. */
    enum Form {
        /** As one parameter, which is a number, true or false where it looks like one. */
        SCALAR,
        /** As one parameter, a string. */
        TEXT,
        /** As a parameter that may be repeated. */
        LIST,
        /** Entry by entry, as {@code field.name=value}, like {@link #SCALAR}. */
        SCALARS,
        /** Entry by entry, strings. */
        TEXTS,
        /** Entry by entry, any JSON; its text is kept as it was given. */
        JSON
    }

    /** The value; null where it is wrong, and was said to be. */
    @Nullable
    T read(Given given, Wrong wrong);

    /** The value where none was given; null for none. */
    default @Nullable T otherwise() {
        return null;
    }

    Form form();

    /** As a member of a JSON body. */
    Schema<?> schema();

    /** As a parameter of a query; for one that is given entry by entry, as an entry. */
    default Schema<?> parameter() {
        return schema();
    }

    /** For one that is given entry by entry, a regular expression for the names of its entries. */
    default String entryNames() {
        return ".+";
    }

    /** A schema of that type. */
    static Schema<?> of(String type) {
        return new Schema<>().types(Set.of(type));
    }

    /** A string of 1 to {@code max} characters. */
    record Text(int max) implements FieldKind<String> {

        @Override
        public @Nullable String read(Given given, Wrong wrong) {
            if (given.value.isString() && !given.value.asString().isEmpty() && given.value.asString().length() <= max) {
                return given.value.asString();
            }
            wrong.at(given.pointer(), "A string of 1 to " + max + " characters.");
            return null;
        }

        @Override
        public Form form() {
            return Form.TEXT;
        }

        @Override
        public Schema<?> schema() {
            return of("string").minLength(1).maxLength(max);
        }
    }

    /** A place in a bucket, below which objects are written. */
    record Prefix() implements FieldKind<String> {

        /** Bytes of a prefix; the callset's id and a name come after it. */
        private static final int MAX = 900;

        @Override
        public @Nullable String read(Given given, Wrong wrong) {
            Optional<S3Uri> uri = given.value.isString() ? S3Uri.parse(given.value.asString()) : Optional.empty();
            if (uri.isPresent() && uri.get().isPrefix() && given.value.asString().length() <= MAX) {
                return given.value.asString();
            }
            wrong.at(given.pointer(),
                    "s3://bucket/prefix/, with a slash at the end, of at most " + MAX + " characters.");
            return null;
        }

        @Override
        public Form form() {
            return Form.TEXT;
        }

        @Override
        public Schema<?> schema() {
            return of("string").pattern("^s3://[A-Za-z0-9][A-Za-z0-9._-]+/.*/$").maxLength(MAX);
        }
    }

    /** A whole number. */
    record Whole(int min, int max, @Nullable Integer otherwise) implements FieldKind<Integer> {

        @Override
        public @Nullable Integer read(Given given, Wrong wrong) {
            JsonNode value = given.value;
            if (value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= min
                    && value.intValue() <= max) {
                return value.intValue();
            }
            wrong.at(given.pointer(), "A whole number from " + min + " to " + max + ".");
            return null;
        }

        @Override
        public Form form() {
            return Form.SCALAR;
        }

        @Override
        public Schema<?> schema() {
            Schema<?> schema = parameter().format("int32");
            if (otherwise != null) {
                schema.setDefault(otherwise);
            }
            return schema;
        }

        @Override
        public Schema<?> parameter() {
            return of("integer").minimum(BigDecimal.valueOf(min)).maximum(BigDecimal.valueOf(max));
        }
    }

    /** {@code true} or {@code false}. */
    record Truth(boolean byDefault) implements FieldKind<Boolean> {

        @Override
        public @Nullable Boolean read(Given given, Wrong wrong) {
            if (given.value.isBoolean()) {
                return given.value.booleanValue();
            }
            wrong.at(given.pointer(), "true or false.");
            return null;
        }

        @Override
        public Boolean otherwise() {
            return byDefault;
        }

        @Override
        public Form form() {
            return Form.SCALAR;
        }

        @Override
        public Schema<?> schema() {
            Schema<?> schema = of("boolean");
            schema.setDefault(byDefault);
            return schema;
        }

        @Override
        public Schema<?> parameter() {
            return of("boolean");
        }
    }

    /** A number of seconds. */
    record Seconds(BigDecimal min, BigDecimal max, int byDefault) implements FieldKind<Duration> {

        private static final int MAX_DIGITS = 32;

        @Override
        public @Nullable Duration read(Given given, Wrong wrong) {
            if (given.value.isNumber() && given.value.asString().length() <= MAX_DIGITS) {
                BigDecimal seconds = given.value.decimalValue();
                if (seconds.compareTo(min) >= 0 && seconds.compareTo(max) <= 0) {
                    return Duration.ofNanos(seconds.movePointRight(9).longValue());
                }
            }
            wrong.at(given.pointer(), "A number of seconds from " + min + " to " + max + ".");
            return null;
        }

        @Override
        public Duration otherwise() {
            return Duration.ofSeconds(byDefault);
        }

        @Override
        public Form form() {
            return Form.SCALAR;
        }

        @Override
        public Schema<?> schema() {
            Schema<?> schema = parameter();
            schema.setDefault(byDefault);
            return schema;
        }

        @Override
        public Schema<?> parameter() {
            return of("number").format("double").minimum(min).maximum(max);
        }
    }

    /** A number of failures, or a part of all calls. */
    record Tolerance() implements FieldKind<ToleratedFailures> {

        private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?)%");

        @Override
        public @Nullable ToleratedFailures read(Given given, Wrong wrong) {
            JsonNode value = given.value;
            if (value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= 0) {
                return new ToleratedFailures(value.intValue(), false);
            }
            if (value.isString()) {
                var percent = PERCENT.matcher(value.asString());
                if (percent.matches() && Double.parseDouble(percent.group(1)) <= 100) {
                    return new ToleratedFailures(Double.parseDouble(percent.group(1)), true);
                }
            }
            wrong.at(given.pointer(),
                    "A whole number from 0 on, or a string such as \"5%\", from \"0%\" to \"100%\".");
            return null;
        }

        @Override
        public Form form() {
            return Form.SCALAR;
        }

        @Override
        public Schema<?> schema() {
            // Not as one schema of two types: Go has no such type.
            Schema<?> either = new Schema<>().example("5%");
            either.setOneOf(List.of(of("integer").format("int32").minimum(BigDecimal.ZERO),
                    of("string").pattern("^\\d{1,3}(\\.\\d{1,6})?%$")));
            return either;
        }

        @Override
        public Schema<?> parameter() {
            return of("string").pattern("^(\\d+|\\d{1,3}(\\.\\d{1,6})?%)$");
        }
    }

    /** An array of prefixes of packages. */
    record Packages(int max) implements FieldKind<List<String>> {

        private static final Pattern PACKAGE = Pattern
                .compile("[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*\\.?");
        private static final int LONGEST = 1024;

        @Override
        public List<String> read(Given given, Wrong wrong) {
            List<String> prefixes = new ArrayList<>();
            if (!given.value.isArray() || given.value.size() > max) {
                wrong.at(given.pointer(), "An array of at most " + max + " prefixes of packages.");
                return prefixes;
            }
            for (int i = 0; i < given.value.size(); i++) {
                JsonNode each = given.value.get(i);
                if (each.isString() && PACKAGE.matcher(each.asString()).matches()) {
                    String prefix = each.asString();
                    prefixes.add(prefix.endsWith(".") ? prefix.substring(0, prefix.length() - 1) : prefix);
                } else {
                    wrong.at(given.pointer() + "/" + i, "A package, such as \"com.example\".");
                }
            }
            return prefixes;
        }

        @Override
        public List<String> otherwise() {
            return List.of();
        }

        @Override
        public Form form() {
            return Form.LIST;
        }

        @Override
        public Schema<?> schema() {
            return of("array").items(of("string"));
        }

        @Override
        public Schema<?> parameter() {
            return of("array").items(of("string").minLength(1).maxLength(LONGEST));
        }
    }
}
