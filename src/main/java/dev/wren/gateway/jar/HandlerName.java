package dev.wren.gateway.jar;

import java.lang.constant.MethodTypeDesc;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a handler's text names.
 *
 * @param type internal name of a class, with slashes
 * @param method name; null for the class itself
 * @param descriptor of the method, as a class file has it, with or without the type of its value; null where it is not said
 */
record HandlerName(String type, @Nullable String method, @Nullable String descriptor) {

    private static final int MAX_LENGTH = 1000;

    /**
     * Reads {@code pkg.Class}, {@code pkg.Outer$Inner}, {@code pkg.Class::method} or {@code pkg.Class::method(descriptor)};
     * nothing if it is none of them.
     */
    static Optional<HandlerName> parse(String handler) {
        if (handler.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        int colons = handler.indexOf("::");
        String type = colons < 0 ? handler : handler.substring(0, colons);
        String method = colons < 0 ? null : handler.substring(colons + 2);
        String descriptor = null;
        if (method != null && method.indexOf('(') >= 0) {
            descriptor = method.substring(method.indexOf('('));
            method = method.substring(0, method.indexOf('('));
            if (!isDescriptor(descriptor)) {
                return Optional.empty();
            }
        }
        for (String part : type.split("\\.", -1)) {
            if (!isIdentifier(part)) {
                return Optional.empty();
            }
        }
        return method == null || isIdentifier(method)
                ? Optional.of(new HandlerName(type.replace('.', '/'), method, descriptor))
                : Optional.empty();
    }

    private static boolean isDescriptor(String text) {
        try {
            MethodTypeDesc _ = MethodTypeDesc.ofDescriptor(text.endsWith(")") ? text + "V" : text);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /** Whether Java could have a class or a method of that name. */
    static boolean isIdentifier(String text) {
        return !text.isEmpty() && Character.isJavaIdentifierStart(text.codePointAt(0))
                && text.codePoints().skip(1).allMatch(c -> Character.isJavaIdentifierPart(c)
                        && !Character.isIdentifierIgnorable(c));
    }
}
