package dev.wren.client;

import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What a lambda has captured, as JSON: each value must be there what it is here. */
final class Captures {

    /** What lambdas share with others here, and would not there. */
    private static final List<String> SHARED = List.of("java.util.concurrent.", "java.lang.ref.", "java.io.",
            "java.net.http.", "java.sql.Connection", "java.lang.StringBu");

    private final JsonMapper json;
    private final JsonMapper there;
    private final Class<?> owner;
    private final SerializedLambda lambda;
    private final MethodType signature;

    /**
     * @param owner of the lambda's body
     * @param signature of the body: what was captured comes first
     */
    Captures(JsonMapper json, Class<?> owner, SerializedLambda lambda, MethodType signature) {
        this.json = json;
        // Numbers without a declared type are as exact there as a worker has them.
        this.there = json.rebuild().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();
        this.owner = owner;
        this.lambda = lambda;
        this.signature = signature;
    }

    /**
     * A JSON array of them.
     *
     * @throws IllegalArgumentException if one cannot travel
     */
    String json() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
            all.add(json(i, lambda.getCapturedArg(i)));
        }
        return "[" + String.join(",", all) + "]";
    }

    private String json(int index, @Nullable Object value) {
        Class<?> type = signature.parameterType(index);
        if (value == null) {
            return "null";
        }
        for (Class<?> each = value.getClass(); each != null; each = each.getSuperclass()) {
            if (isShared(each)) {
                throw refused(index, value, "what it shares with this program it would not share there. Return what is"
                        + " to be counted or collected, and add it up here", null);
            }
        }
        try {
            // By its text: a tree still knows which of the numbers is a long.
            String text = json.writeValueAsString(value);
            Object copy = there.readValue(text, type);
            if (isSame(value, copy, text)) {
                return text;
            }
        } catch (JacksonException | IllegalArgumentException | StackOverflowError e) {
            throw refused(index, value, "it has no JSON that it could be made of again (" + firstLine(e) + "). Make it"
                    + " in the lambda, or capture what it is made of", e);
        }
        throw refused(index, value,
                "its JSON does not say all of it: there it would be something else. Capture numbers,"
                        + " texts, records, or lists and maps of texts and whole numbers",
                null);
    }

    private static boolean isShared(Class<?> type) {
        return Thread.class.isAssignableFrom(type) || ClassLoader.class.isAssignableFrom(type)
                || SHARED.stream().anyMatch(type.getName()::startsWith);
    }

    private boolean isSame(Object value, @Nullable Object copy, String text) {
        if (copy == null || Objects.deepEquals(value, copy)) {
            return copy != null;
        }
        // One without equals() is the same if it is of the same class, which is what makes it of JSON there.
        return value.getClass() == copy.getClass() && !isContainer(value) && json.writeValueAsString(copy).equals(text)
                && !text.equals("{}");
    }

    private static boolean isContainer(Object value) {
        return value instanceof Collection || value instanceof Map || value instanceof Optional
                || value instanceof Object[];
    }

    private IllegalArgumentException refused(int index, Object value, String why, @Nullable Throwable cause) {
        String name = VariableNames.of(owner, lambda.getImplMethodName(), lambda.getImplMethodSignature(), index)
                .map(known -> known + ", a " + value.getClass().getTypeName())
                .orElse("a " + value.getClass().getTypeName());
        return new IllegalArgumentException("The lambda has captured " + name + ", which cannot travel: " + why + ".",
                cause);
    }

    private static String firstLine(Throwable e) {
        String text = String.valueOf(e instanceof JacksonException jackson
                ? jackson.getOriginalMessage()
                : e.getMessage());
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
