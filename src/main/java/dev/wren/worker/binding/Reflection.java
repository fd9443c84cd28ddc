package dev.wren.worker.binding;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

/**
 * A library whose classes are known by their names alone.
 *
 * @param loader of its classes
 * @param prefix of their names
 */
record Reflection(ClassLoader loader, String prefix) {

    /** Something that a version of the library may not have. */
    interface Try {
        void run() throws ReflectiveOperationException;
    }

    Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(prefix + name, true, loader);
    }

    Object make(String name) throws ReflectiveOperationException {
        return type(name).getConstructor().newInstance();
    }

    /** Does it where there is such a thing. */
    void tries(Try something) {
        try {
            something.run();
        } catch (NoSuchMethodException | ClassNotFoundException | NoSuchFieldException _) {
            // An older version, or a newer one.
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Sets a feature, if there is one of that name. */
    void set(Object mapper, String type, String name, boolean on) {
        tries(() -> {
            Object feature = constant(type, name);
            mapper.getClass().getMethod("configure", feature.getClass(), boolean.class).invoke(mapper, feature, on);
        });
    }

    Object constant(String type, String name) throws ReflectiveOperationException {
        return type(type).getField(name).get(null);
    }

    /** Calls a public method of an object, or a static one of a class. What it throws is the cause of what this throws. */
    Object get(Object target, String name, Object... arguments) throws ReflectiveOperationException {
        Class<?> type = target instanceof Class<?> given ? given : target.getClass();
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && !method.isBridge()
                    && Modifier.isStatic(method.getModifiers()) == target instanceof Class<?>
                    && takes(method.getParameterTypes(), arguments)) {
                try {
                    return method.invoke(target, arguments);
                } catch (InvocationTargetException e) {
                    if (e.getCause() instanceof Error error) {
                        throw error;
                    }
                    throw e;
                }
            }
        }
        throw new NoSuchMethodException(type.getName() + "." + name);
    }

    private static boolean takes(Class<?>[] parameters, Object[] arguments) {
        if (parameters.length != arguments.length) {
            return false;
        }
        for (int i = 0; i < parameters.length; i++) {
            Class<?> parameter = parameters[i] == int.class ? Integer.class : parameters[i];
            if (!parameter.isInstance(arguments[i])) {
                return false;
            }
        }
        return true;
    }
}
