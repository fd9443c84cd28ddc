package dev.wren.worker.function;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The instance of a class whose methods are called: a new one, or the one that there is. */
final class Instances {

    /** Where Kotlin and Scala keep the instance of an {@code object}. */
    private static final List<String> SINGLETONS = List.of("INSTANCE", "MODULE$");

    private Instances() {
    }

    /**
     * Makes an instance, or takes the only one: of an {@code object}, or of a companion.
     *
     * @throws NoSuchHandlerException if there can be none
     * @throws Throwable whatever its initialiser or constructor throws
     */
    static Object of(Class<?> type) throws Throwable {
        return of(type, false);
    }

    /** The same; with {@code anyAccess} by a constructor that need not be public. */
    static Object of(Class<?> type, boolean anyAccess) throws Throwable {
        if (Modifier.isAbstract(type.getModifiers())) {
            throw new NoSuchHandlerException("class " + type.getName() + " is abstract");
        }
        try {
            Constructor<?> constructor = anyAccess ? type.getDeclaredConstructor() : type.getConstructor();
            if (anyAccess) {
                constructor.setAccessible(true);
            }
            return constructor.newInstance();
        } catch (NoSuchMethodException e) {
            Object only = only(type);
            if (only != null) {
                return only;
            }
            throw new NoSuchHandlerException(
                    "class " + type.getName() + " has no public constructor without parameters", e);
        } catch (InvocationTargetException e) {
            throw e.getCause() != null ? e.getCause() : e;
        }
    }

    private static @Nullable Object only(Class<?> type) throws IllegalAccessException {
        for (String name : SINGLETONS) {
            Object only = constant(type, name, type);
            if (only != null) {
                return only;
            }
        }
        Class<?> outer = type.getDeclaringClass();
        return outer == null ? null : constant(outer, type.getSimpleName(), type);
    }

    private static @Nullable Object constant(Class<?> owner, String name, Class<?> type)
            throws IllegalAccessException {
        try {
            Field field = owner.getField(name);
            return Modifier.isStatic(field.getModifiers()) && Modifier.isFinal(field.getModifiers())
                    && field.getType() == type ? field.get(null) : null;
        } catch (NoSuchFieldException _) {
            return null;
        }
    }
}
