package dev.wren.worker.binding;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an exception of some Jackson says: the worker's own, a jar's of version 2 or 3, or AWS's, by the names of its classes.
 *
 * @param message without the place
 * @param path names and indexes from the outermost value
 * @param type what was to be made; null if it does not say
 */
public record JacksonTrouble(String message, List<String> path, @Nullable Class<?> type) {

    private static final List<String> NAMES = List.of(".jackson.core.JacksonException",
            ".jackson.core.JsonProcessingException");

    public JacksonTrouble {
        path = List.copyOf(path);
    }

    /** Whether it was thrown by a Jackson, of whichever loader. */
    public static boolean is(Throwable thrown) {
        for (Class<?> type = thrown.getClass(); type != null; type = type.getSuperclass()) {
            if (NAMES.stream().anyMatch(type.getName()::endsWith)) {
                return true;
            }
        }
        return false;
    }

    /** What an exception says that {@linkplain #is is} one. */
    public static JacksonTrouble of(Throwable thrown) {
        List<String> path = new ArrayList<>();
        if (get(thrown, "getPath") instanceof List<?> steps) {
            for (Object step : steps) {
                Object name = get(step, "getPropertyName");
                name = name != null ? name : get(step, "getFieldName");
                path.add(String.valueOf(name != null ? name : get(step, "getIndex")));
            }
        }
        Object type = get(thrown, "getType");
        Object raw = type != null ? get(type, "getRawClass") : get(thrown, "getTargetType");
        Object message = get(thrown, "getOriginalMessage");
        return new JacksonTrouble(message instanceof String text ? text : String.valueOf(thrown.getMessage()), path,
                raw instanceof Class<?> found ? found : null);
    }

    private static @Nullable Object get(@Nullable Object target, String name) {
        try {
            return target == null ? null : target.getClass().getMethod(name).invoke(target);
        } catch (ReflectiveOperationException _) {
            return null;
        }
    }
}
