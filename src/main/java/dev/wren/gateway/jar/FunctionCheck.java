package dev.wren.gateway.jar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.springframework.stereotype.Component;

/**
 * Checks that a handler can be used, by reading class files: no class of the user's is loaded or initialised. Safe for
 * use by several threads.
 */
@Component
public final class FunctionCheck {

    private static final Pattern HANDLER = Pattern.compile(
            "[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*(::[\\p{L}_$][\\p{L}\\p{N}_$]*)?");
    private static final List<String> INTERFACES = List.of("java/util/function/Function",
            "java/util/function/BiFunction", "com/amazonaws/services/lambda/runtime/RequestHandler");
    private static final int REMEMBERED = 1000;
    private static final int SHOWN = 10;

    private final Cache<Checked, Boolean> good = Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    private record Checked(String sha256, String handler, List<String> excludeModules) {
    }

    /**
     * Checks a handler.
     *
     * @param handler {@code pkg.Class} or {@code pkg.Class::method}
     * @param excludeModules prefixes of packages that are not taken from the jar
     * @throws ProblemException {@code invalid-function}, with the pointer {@code /function/handler}
     */
    public void check(LocalJar jar, String handler, List<String> excludeModules) {
        Checked key = new Checked(jar.sha256(), handler, List.copyOf(excludeModules));
        if (good.getIfPresent(key) != null) {
            return;
        }
        if (!HANDLER.matcher(handler).matches()) {
            throw invalid("A handler is pkg.Class, pkg.Outer$Inner or pkg.Class::method.");
        }
        int colons = handler.indexOf("::");
        String type = (colons < 0 ? handler : handler.substring(0, colons)).replace('.', '/');
        try (JarClasses classes = new JarClasses(jar.path(), excludeModules)) {
            JarClasses.Type found = classes.find(type)
                    .orElseThrow(() -> invalid("There is no class " + type.replace('/', '.') + " in the jar."));
            checkAccess(classes, found);
            if (colons < 0) {
                checkClass(classes, found);
            } else {
                checkMethod(classes, found, handler.substring(colons + 2));
            }
        } catch (JarClasses.UnreadableClassException e) {
            throw invalid(e.getMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        good.put(key, true);
    }

    private static void checkAccess(JarClasses classes, JarClasses.Type type) {
        if (!type.has(AccessFlag.PUBLIC)) {
            throw invalid("The class " + type.name() + " is not public.");
        }
        for (JarClasses.Type outer : classes.outer(type)) {
            if (!outer.has(AccessFlag.PUBLIC)) {
                throw invalid("The class " + type.name() + " is in " + outer.name() + ", which is not public.");
            }
        }
    }

    private static void checkClass(JarClasses classes, JarClasses.Type type) {
        checkInstance(type);
        if (INTERFACES.stream().noneMatch(wanted -> classes.isSubtype(type, wanted))) {
            throw invalid("The class " + type.name() + " is none of java.util.function.Function, BiFunction and "
                    + "com.amazonaws.services.lambda.runtime.RequestHandler; name a method by ::method instead.");
        }
    }

    private static void checkInstance(JarClasses.Type type) {
        if (type.has(AccessFlag.INTERFACE) || type.has(AccessFlag.ABSTRACT)) {
            throw invalid("The class " + type.name() + " is abstract or an interface.");
        }
        boolean usable = type.methods()
                .anyMatch(method -> method.methodName().equalsString("<init>")
                        && method.methodType().equalsString("()V") && method.flags().has(AccessFlag.PUBLIC));
        if (!usable) {
            throw invalid("The class " + type.name() + " has no public constructor without parameters.");
        }
    }

    private static void checkMethod(JarClasses classes, JarClasses.Type type, String name) {
        Map<String, MethodModel> methods = new TreeMap<>();
        TreeSet<String> others = new TreeSet<>();
        for (JarClasses.Type each : classes.supertypes(type)) {
            each.methods()
                    .filter(method -> method.flags().has(AccessFlag.PUBLIC)
                            && !method.flags().has(AccessFlag.BRIDGE) && !method.flags().has(AccessFlag.SYNTHETIC)
                            && !method.methodName().stringValue().startsWith("<"))
                    .forEach(method -> {
                        if (method.methodName().equalsString(name)) {
                            // What a subclass overrides is the same method.
                            methods.putIfAbsent(parameters(method), method);
                        } else {
                            others.add(method.methodName().stringValue());
                        }
                    });
        }
        if (methods.isEmpty()) {
            throw invalid("The class " + type.name() + " has no public method " + name + (others.isEmpty()
                    ? "."
                    : "; it has " + String.join(", ", others.stream().limit(SHOWN).toList()) + "."));
        }
        if (methods.size() > 1) {
            throw invalid("The class " + type.name() + " has " + methods.size() + " public methods " + name
                    + "; a handler's name must be unique.");
        }
        MethodModel method = methods.values().iterator().next();
        var parameters = method.methodTypeSymbol().parameterList();
        if (parameters.isEmpty() || parameters.size() > 2) {
            throw invalid("The method " + name + " has " + parameters.size()
                    + " parameters; a handler has one, for the datum, or two, the second a java.util.Map.");
        }
        if (parameters.size() == 2 && !parameters.get(1).descriptorString().equals("Ljava/util/Map;")) {
            throw invalid("The second parameter of " + name + " must be a java.util.Map<String, Object>.");
        }
        if (!method.flags().has(AccessFlag.STATIC)) {
            checkInstance(type);
        }
    }

    private static String parameters(MethodModel method) {
        String type = method.methodType().stringValue();
        return type.substring(0, type.indexOf(')') + 1);
    }

    private static ProblemException invalid(String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/handler", detail);
    }
}
