package dev.wren.gateway.jar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.jar.ClassFacts.Method;
import dev.wren.gateway.jar.ClassFacts.Signature;
import dev.wren.gateway.jar.JarClasses.UnusableClassException;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.springframework.stereotype.Component;

/**
 * Checks that a handler can be used, by reading class files: no class of the user's is loaded or initialised. Says what a
 * worker would say, which finds methods as {@link Class#getMethods()} does. Safe for use by several threads.
 */
@Component
public final class FunctionCheck {

    private static final List<String> INTERFACES = List.of("java/util/function/Function",
            "java/util/function/BiFunction", "com/amazonaws/services/lambda/runtime/RequestHandler");
    private static final String JDK = "java/";
    private static final ClassDesc MAP = ClassDesc.of("java.util.Map");
    /** Bytes of handlers that were found to be right. */
    private static final int REMEMBERED = 1 << 20;
    private static final int SHOWN = 10;
    private static final int SHOWN_LENGTH = 100;

    private final Cache<Checked, Boolean> good = Caffeine.newBuilder().maximumWeight(REMEMBERED)
            .weigher((Checked key, Boolean _) -> key.weight()).build();

    private final Inspections inspections;

    FunctionCheck(Inspections inspections) {
        this.inspections = inspections;
    }

    record Checked(String sha256, String handler, List<String> excludeModules) {

        int weight() {
            return 400 + 2 * handler.length() + excludeModules.stream().mapToInt(each -> 64 + 2 * each.length()).sum();
        }
    }

    /**
     * Checks a handler.
     *
     * @param handler {@code pkg.Class} or {@code pkg.Class::method}
     * @param excludeModules prefixes of packages that are not taken from the jar
     * @throws ProblemException {@code invalid-function}, with the pointer {@code /function/handler}
     */
    public void check(LocalJar jar, String handler, List<String> excludeModules) {
        HandlerName name = HandlerName.parse(handler)
                .orElseThrow(() -> invalid("A handler is pkg.Class, pkg.Outer$Inner or pkg.Class::method."));
        Checked key = new Checked(jar.sha256(), handler, List.copyOf(excludeModules));
        if (good.getIfPresent(key) != null) {
            return;
        }
        try {
            inspections.run(() -> look(jar, name, excludeModules));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        good.put(key, true);
    }

    private static void look(LocalJar jar, HandlerName name, List<String> excludeModules) throws IOException {
        try (JarClasses classes = new JarClasses(jar.path(), excludeModules)) {
            ClassFacts type = find(classes, name.type());
            checkAccess(classes, type);
            if (name.method() == null) {
                checkClass(classes, type);
            } else {
                checkMethod(classes, type, name.method());
            }
        } catch (UnusableClassException e) {
            throw invalid(e.detail());
        }
    }

    private static ClassFacts find(JarClasses classes, String name) throws UnusableClassException {
        Optional<ClassFacts> found = classes.find(name);
        if (found.isPresent()) {
            return found.get();
        }
        String shown = name.replace('/', '.');
        if (classes.isExcludedFromJar(name)) {
            throw invalid("The class " + shown + " is one of excludeModules, so it is not taken from the jar.");
        }
        String hint = "";
        int slash = name.lastIndexOf('/');
        if (slash > 0) {
            String nested = name.substring(0, slash) + "$" + name.substring(slash + 1);
            if (classes.find(nested).isPresent()) {
                hint = "; there is " + nested.replace('/', '.');
            }
        }
        throw invalid("There is no class " + shown + " in the jar" + hint + ".");
    }

    private static void checkAccess(JarClasses classes, ClassFacts type) throws UnusableClassException {
        if (!type.has(AccessFlag.PUBLIC)) {
            throw invalid("The class " + type.name() + " is not public.");
        }
        for (ClassFacts outer : classes.outer(type)) {
            if (!outer.has(AccessFlag.PUBLIC)) {
                throw invalid("The class " + type.name() + " is in " + outer.name() + ", which is not public.");
            }
        }
    }

    private static void checkClass(JarClasses classes, ClassFacts type) throws UnusableClassException {
        checkInstance(type);
        // The interface itself need not be there: Lambda's is the worker's.
        if (classes.hierarchy(type).stream()
                .noneMatch(each -> each.interfaces().stream().anyMatch(INTERFACES::contains))) {
            throw invalid("The class " + type.name() + " is none of java.util.function.Function, BiFunction and "
                    + "com.amazonaws.services.lambda.runtime.RequestHandler; name a method by ::method instead.");
        }
    }

    private static void checkInstance(ClassFacts type) {
        if (type.has(AccessFlag.INTERFACE)) {
            throw invalid("The class " + type.name() + " is an interface, of which there are no instances.");
        }
        if (type.has(AccessFlag.ABSTRACT)) {
            throw invalid("The class " + type.name() + " is abstract.");
        }
        boolean usable = type.methods()
                .stream()
                .anyMatch(method -> method.name().equals("<init>") && method.parameters().isEmpty()
                        && method.has(AccessFlag.PUBLIC));
        if (!usable) {
            throw invalid("The class " + type.name() + " has no public constructor without parameters" + (type.inner()
                    ? ", as it is an inner class; make it static."
                    : "."));
        }
    }

    private static void checkMethod(JarClasses classes, ClassFacts type, String name) throws UnusableClassException {
        Map<Signature, Method> methods = new HashMap<>();
        TreeSet<String> others = new TreeSet<>();
        for (ClassFacts each : classes.hierarchy(type)) {
            for (Method method : each.methods()) {
                if (isMember(method, each, type)) {
                    if (method.name().equals(name)) {
                        // What a nearer type declares overrides it; so do bridges.
                        methods.putIfAbsent(method.signature(), method);
                    } else if (isShown(method, each)) {
                        others.add(method.name());
                    }
                }
            }
        }
        List<Method> found = methods.values().stream().filter(method -> !isGenerated(method)).toList();
        if (found.isEmpty()) {
            // A public method of a super class that is not public is inherited as a bridge.
            found = methods.values().stream().filter(method -> method.has(AccessFlag.BRIDGE)).toList();
        }
        if (found.isEmpty()) {
            throw invalid("The class " + type.name() + " has no public method " + name + (others.isEmpty()
                    ? "."
                    : "; it has " + String.join(", ", others.stream().limit(SHOWN).toList())
                            + (others.size() > SHOWN ? ", …" : ".")));
        }
        if (found.size() > 1) {
            throw invalid("The class " + type.name() + " has " + found.size() + " public methods " + name
                    + "; a handler's name must be unique.");
        }
        checkParameters(name, found.getFirst().parameters());
        if (!found.getFirst().has(AccessFlag.STATIC)) {
            checkInstance(type);
        }
    }

    /** Whether a public method of a supertype is one of the class: static ones of interfaces are not inherited. */
    private static boolean isMember(Method method, ClassFacts owner, ClassFacts type) {
        boolean inherited = !owner.internalName().equals(type.internalName());
        return method.has(AccessFlag.PUBLIC) && !method.name().startsWith("<")
                && !(inherited && owner.has(AccessFlag.INTERFACE) && method.has(AccessFlag.STATIC));
    }

    private static boolean isGenerated(Method method) {
        return method.has(AccessFlag.BRIDGE) || method.has(AccessFlag.SYNTHETIC);
    }

    private static boolean isShown(Method method, ClassFacts owner) {
        return !isGenerated(method) && !owner.internalName().startsWith(JDK)
                && method.name().length() <= SHOWN_LENGTH && HandlerName.isIdentifier(method.name());
    }

    private static void checkParameters(String name, List<ClassDesc> parameters) {
        if (parameters.isEmpty() || parameters.size() > 2) {
            throw invalid("The method " + name + " has " + parameters.size()
                    + " parameters; a handler has one, for the datum, or two, the second a java.util.Map.");
        }
        if (parameters.size() == 2 && !parameters.getLast().equals(MAP)) {
            throw invalid("The second parameter of " + name + " must be a java.util.Map<String, Object>.");
        }
    }

    private static ProblemException invalid(String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/handler", detail);
    }
}
