package dev.wren.worker.function;

import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Finds the method that {@code method(descriptor)} names, whatever its access: that of the nearest type. */
final class MethodName {

    private MethodName() {
    }

    /**
     * A method of a class or its supertypes.
     *
     * @param name with the types of its parameters as a class file has them, and that of the value where it is needed to
     * tell methods apart: {@code m(I)} or {@code m(I)J}
     * @throws NoSuchHandlerException if there is none, or more than one
     */
    static Method find(Class<?> type, String name) throws NoSuchHandlerException {
        int descriptor = name.indexOf('(');
        String wanted = name.substring(descriptor);
        for (Class<?> each : hierarchy(type)) {
            List<Method> found = new ArrayList<>();
            for (Method method : each.getDeclaredMethods()) {
                if (method.getName().equals(name.substring(0, descriptor)) && matches(method, wanted)) {
                    found.add(method);
                }
            }
            if (found.size() > 1) {
                found.removeIf(Method::isBridge);
            }
            if (found.size() == 1) {
                return found.getFirst();
            }
            if (found.size() > 1) {
                throw new NoSuchHandlerException(
                        "class " + each.getName() + " has " + found.size() + " methods " + name);
            }
        }
        throw new NoSuchHandlerException("class " + type.getName() + " has no method " + name);
    }

    private static boolean matches(Method method, String wanted) {
        String descriptor = MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                .descriptorString();
        return wanted.endsWith(")")
                ? descriptor.substring(0, descriptor.indexOf(')') + 1).equals(wanted)
                : descriptor.equals(wanted);
    }

    /** The class, its super classes and its interfaces; nearer ones first. */
    private static Set<Class<?>> hierarchy(Class<?> type) {
        Set<Class<?>> all = new LinkedHashSet<>();
        ArrayDeque<Class<?>> next = new ArrayDeque<>(List.of(type));
        while (!next.isEmpty()) {
            Class<?> each = next.removeFirst();
            if (all.add(each)) {
                if (each.getSuperclass() != null) {
                    next.addLast(each.getSuperclass());
                }
                next.addAll(List.of(each.getInterfaces()));
            }
        }
        return all;
    }
}
