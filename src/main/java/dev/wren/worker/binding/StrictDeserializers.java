package dev.wren.worker.binding;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.YearMonth;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.DeserializationConfig;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.ValueDeserializerModifier;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.type.ArrayType;
import tools.jackson.databind.type.ReferenceType;

/**
 * Closes the gaps that Jackson's coercion settings leave: floating-point overflow and the strings "NaN" and "Infinity",
 * bytes from 128 to 255, and times given as numbers.
 */
final class StrictDeserializers extends ValueDeserializerModifier {

    private static final long serialVersionUID = 1L;

    private static final Set<Class<?>> FLOATING = Set.of(double.class, Double.class, float.class, Float.class,
            OptionalDouble.class);
    /** Of these Jackson takes a number even from a string. */
    private static final Set<Class<?>> INSTANTS = Set.of(Instant.class, OffsetDateTime.class, ZonedDateTime.class,
            Date.class, Calendar.class, GregorianCalendar.class);
    private static final Set<Class<?>> TEXTS = Set.of(LocalDate.class, LocalDateTime.class, LocalTime.class,
            OffsetTime.class, Duration.class, Period.class, YearMonth.class, MonthDay.class, StringBuilder.class,
            StringBuffer.class);

    @Override
    public ValueDeserializer<?> modifyDeserializer(DeserializationConfig config, BeanDescription.Supplier description,
            ValueDeserializer<?> deserializer) {
        Class<?> type = description.getBeanClass();
        if (FLOATING.contains(type)) {
            return new Finite(deserializer);
        }
        if (type == byte.class || type == Byte.class) {
            return new SignedByte(deserializer);
        }
        if (INSTANTS.contains(type)) {
            return new Text(deserializer, true);
        }
        return TEXTS.contains(type) ? new Text(deserializer, false) : deserializer;
    }

    @Override
    public ValueDeserializer<?> modifyReferenceDeserializer(DeserializationConfig config,
            ReferenceType type, BeanDescription.Supplier description,
            ValueDeserializer<?> deserializer) {
        return FLOATING.contains(type.getRawClass()) ? new Finite(deserializer) : deserializer;
    }

    @Override
    public ValueDeserializer<?> modifyArrayDeserializer(DeserializationConfig config, ArrayType type,
            BeanDescription.Supplier description, ValueDeserializer<?> deserializer) {
        Class<?> raw = type.getRawClass();
        if (raw == double[].class || raw == float[].class) {
            return new Finite(deserializer);
        }
        return raw == byte[].class ? new ByteArray(deserializer) : deserializer;
    }

    /** Passes to Jackson's own deserializer what may pass, and looks at what comes back. */
    private abstract static class Guard extends DelegatingDeserializer {

        private final UnaryOperator<ValueDeserializer<?>> again;

        Guard(ValueDeserializer<?> target, UnaryOperator<ValueDeserializer<?>> again) {
            super(target);
            this.again = again;
        }

        @Override
        protected final ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> target) {
            return again.apply(target);
        }

        @Override
        public final @Nullable Object deserialize(JsonParser p, DeserializationContext context) {
            before(p, context);
            Object value = super.deserialize(p, context);
            after(value, p, context);
            return value;
        }

        void before(JsonParser p, DeserializationContext context) {
        }

        void after(@Nullable Object value, JsonParser p, DeserializationContext context) {
        }
    }

    private static final class Finite extends Guard {

        Finite(ValueDeserializer<?> target) {
            super(target, Finite::new);
        }

        @Override
        void after(@Nullable Object value, JsonParser p, DeserializationContext context) {
            if (!isFinite(value)) {
                throw new InputCoercionException(p, "Numeric value out of range of `" + handledType().getSimpleName()
                        + "`, or no number at all", JsonToken.VALUE_NUMBER_FLOAT, handledType());
            }
        }
    }

    /** Not a switch over types: linking one costs milliseconds at the start of a worker. */
    private static boolean isFinite(@Nullable Object value) {
        if (value instanceof Double d) {
            return Double.isFinite(d);
        }
        if (value instanceof Float f) {
            return Float.isFinite(f);
        }
        if (value instanceof OptionalDouble d) {
            return Double.isFinite(d.orElse(0));
        }
        if (value instanceof double[] all) {
            return Arrays.stream(all).allMatch(Double::isFinite);
        }
        if (value instanceof float[] all) {
            for (float f : all) {
                if (!Float.isFinite(f)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static final class SignedByte extends Guard {

        SignedByte(ValueDeserializer<?> target) {
            super(target, SignedByte::new);
        }

        @Override
        void before(JsonParser p, DeserializationContext context) {
            checkByte(p);
        }
    }

    private static final class ByteArray extends Guard {

        ByteArray(ValueDeserializer<?> target) {
            super(target, ByteArray::new);
        }

        @Override
        void before(JsonParser p, DeserializationContext context) {
            // Bytes are written as base64, so they are read as base64; an array of numbers would be a second form.
            if (!p.hasToken(JsonToken.VALUE_STRING)) {
                context.reportInputMismatch(byte[].class, "bytes are a string in base64, not %s", p.currentToken());
            }
        }
    }

    private static final class Text extends Guard {

        private final boolean instant;

        Text(ValueDeserializer<?> target, boolean instant) {
            super(target, next -> new Text(next, instant));
            this.instant = instant;
        }

        @Override
        void before(JsonParser p, DeserializationContext context) {
            if (!p.hasToken(JsonToken.VALUE_STRING) || (instant && isNumber(p.getString()))) {
                context.reportInputMismatch(handledType(), "Cannot coerce a value that is no such string to `%s`",
                        handledType().getName());
            }
        }

        private static boolean isNumber(String text) {
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if ((c < '0' || c > '9') && c != '.' && !(i == 0 && (c == '-' || c == '+'))) {
                    return false;
                }
            }
            return true;
        }
    }

    private static void checkByte(JsonParser p) {
        if (p.hasToken(JsonToken.VALUE_NUMBER_INT)) {
            int value = p.getIntValue();
            if (value < Byte.MIN_VALUE || value > Byte.MAX_VALUE) {
                throw new InputCoercionException(p, "Numeric value (" + value + ") out of range of `byte` (-128 - 127)",
                        JsonToken.VALUE_NUMBER_INT, byte.class);
            }
        }
    }
}
