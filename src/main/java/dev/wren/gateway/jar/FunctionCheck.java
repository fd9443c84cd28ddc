package dev.wren.gateway.jar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.jar.ClassFacts.Method;
import dev.wren.gateway.jar.ClassFacts.Signature;
import dev.wren.gateway.jar.JarClasses.UnusableClassException;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/**
 * Checks that a handler can be used, by reading class files: no class of the user's is loaded or initialised. Says what a
 * worker would say, which finds methods as {@link Class#getMethods()} does. Safe for use by several threads.
 */
@Component
public final class FunctionCheck {

    private static final List<String> INTERFACES = List.of("java/util/function/Function",
            "java/util/function/BiFunction", "com/amazonaws/services/lambda/runtime/RequestHandler",
            "com/amazonaws/services/lambda/runtime/RequestStreamHandler", "kotlin/jvm/functions/Function1");
    /** Functions of other languages, which have no one interface. */
    private static final List<String> FOREIGN = List.of("kotlin/jvm/functions/Function", "scala/Function",
            "groovy/lang/Closure");
    private static final String JDK = "java/";
    private static final ClassDesc MAP = ClassDesc.of("java.util.Map");
    private static final ClassDesc CONTEXT = ClassDesc.of("com.amazonaws.services.lambda.runtime.Context");
    private static final ClassDesc IN = ClassDesc.of("java.io.InputStream");
    private static final ClassDesc OUT = ClassDesc.of("java.io.OutputStream");
    private static final String SUSPENDED = "Lkotlin/coroutines/Continuation;";
    /** Where Kotlin and Scala keep the instance of an {@code object}. */
    private static final List<String> SINGLETONS = List.of("INSTANCE", "MODULE$");
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

    record Checked(List<String> jars, String handler, int arguments, List<String> excludeModules) {

        int weight() {
            return 400 + 200 * jars.size() + 2 * handler.length()
                    + excludeModules.stream().mapToInt(each -> 64 + 2 * each.length()).sum();
        }
    }

    /**
     * Checks a handler.
     *
     * @param handler {@code pkg.Class}, {@code pkg.Class::method} or {@code pkg.Class::method(descriptor)}
     * @param arguments how many of its first parameters are given
     * @param excludeModules prefixes of packages that are not taken from the jar
     * @throws ProblemException {@code invalid-function}, with the pointer {@code /function/handler}
     */
    public void check(LocalJars jars, String handler, int arguments, List<String> excludeModules) {
        HandlerName name = HandlerName.parse(handler)
                .orElseThrow(() -> invalid(
                        "A handler is pkg.Class, pkg.Outer$Inner, pkg.Class::method or pkg.Class::method(descriptor)."));
        Checked key = new Checked(jars.contents(), handler, arguments, List.copyOf(excludeModules));
        if (good.getIfPresent(key) != null) {
            return;
        }
        try {
            inspections.run(() -> look(jars, name, arguments, excludeModules));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        good.put(key, true);
    }

    private static void look(LocalJars jars, HandlerName name, int arguments, List<String> excludeModules)
            throws IOException {
        try (JarClasses classes = new JarClasses(jars.jars().stream().map(LocalJar::path).toList(), excludeModules)) {
            ClassFacts type = find(classes, name.type());
            if (name.method() != null && name.descriptor() != null) {
                checkNamed(classes, type, name.method(), name.descriptor(), arguments);
                return;
            }
            checkAccess(classes, type);
            if (name.method() != null) {
                checkMethod(classes, type, name.method(), arguments);
            } else if (arguments > 0) {
                throw ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/arguments",
                        "Arguments are the first parameters of a method, and the handler names a class.");
            } else {
                checkClass(classes, type);
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
        checkInstance(classes, type);
        // The interface itself need not be there: Lambda's is the worker's.
        List<String> above = classes.hierarchy(type).stream().flatMap(each -> each.supertypes().stream()).toList();
        if (above.stream().noneMatch(INTERFACES::contains)) {
            throw invalid("The class " + type.name() + " is none of java.util.function.Function, BiFunction, Kotlin's"
                    + " Function1, and RequestHandler and RequestStreamHandler of com.amazonaws.services.lambda.runtime;"
                    + (above.stream().anyMatch(name -> FOREIGN.stream().anyMatch(name::startsWith))
                            ? " implement java.util.function.Function, or"
                            : "")
                    + " name a method by ::method instead.");
        }
    }

    private static void checkInstance(JarClasses classes, ClassFacts type) throws UnusableClassException {
        checkInstance(classes, type, true);
    }

    private static void checkInstance(JarClasses classes, ClassFacts type, boolean isPublic)
            throws UnusableClassException {
        if (type.has(AccessFlag.INTERFACE)) {
            throw invalid("The class " + type.name() + " is an interface, of which there are no instances.");
        }
        if (type.has(AccessFlag.ABSTRACT)) {
            throw invalid("The class " + type.name() + " is abstract.");
        }
        boolean usable = type.methods()
                .stream()
                .anyMatch(method -> method.name().equals("<init>") && method.parameters().isEmpty()
                        && (!isPublic || method.has(AccessFlag.PUBLIC)));
        if (!usable && !isOnly(classes, type)) {
            throw invalid("The class " + type.name() + " has no " + (isPublic ? "public " : "")
                    + "constructor without parameters" + (type.inner()
                            ? ", as it is an inner class; make it static."
                            : "."));
        }
    }

    /** Whether it is an {@code object} or a companion, of which there is one instance. */
    private static boolean isOnly(JarClasses classes, ClassFacts type) throws UnusableClassException {
        if (SINGLETONS.stream().anyMatch(name -> type.hasInstance(name, type))) {
            return true;
        }
        List<ClassFacts> outer = classes.outer(type);
        return !outer.isEmpty() && outer.getFirst()
                .hasInstance(type.internalName().substring(outer.getFirst().internalName().length() + 1), type);
    }

    /** A method that is named with its descriptor may be private, as the bodies of lambdas are. */
    private static void checkNamed(JarClasses classes, ClassFacts type, String name, String descriptor, int arguments)
            throws UnusableClassException {
        for (ClassFacts each : classes.hierarchy(type)) {
            List<Method> found = each.methods().stream()
                    .filter(method -> method.name().equals(name) && matches(method, descriptor)).toList();
            if (found.size() > 1) {
                found = found.stream().filter(method -> !method.has(AccessFlag.BRIDGE)).toList();
            }
            if (found.size() > 1) {
                throw invalid("The class " + each.name() + " has " + found.size() + " methods " + name + descriptor
                        + "; the type of the value tells them apart.");
            }
            if (found.size() == 1) {
                Method method = found.getFirst();
                int left = method.parameters().size() - arguments;
                if (!method.has(AccessFlag.STATIC) && left != 0) {
                    checkInstance(classes, type, false);
                }
                if (method.has(AccessFlag.STATIC) || left != 0) {
                    checkParameters(name, method.parameters(), arguments);
                }
                return;
            }
        }
        throw invalid("The class " + type.name() + " has no method " + name + descriptor + ".");
    }

    private static boolean matches(Method method, String descriptor) {
        return descriptor.equals(descriptor.endsWith(")")
                ? parameters(method)
                : parameters(method) + method.value().descriptorString());
    }

    private static String parameters(Method method) {
        return method.parameters().stream().map(ClassDesc::descriptorString).collect(Collectors.joining("", "(", ")"));
    }

    private static void checkMethod(JarClasses classes, ClassFacts type, String name, int arguments)
            throws UnusableClassException {
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
                    + "; name one with the types of its parameters, as a class file has them: " + name
                    + ClassFacts.shown(parameters(found.getFirst())).replace('.', '/') + ".");
        }
        checkParameters(name, found.getFirst().parameters(), arguments);
        if (!found.getFirst().has(AccessFlag.STATIC)) {
            checkInstance(classes, type);
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

    private static void checkParameters(String name, List<ClassDesc> all, int arguments) {
        if (arguments > all.size()) {
            throw ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/arguments",
                    "The method " + name + " has " + all.size() + " parameters.");
        }
        List<ClassDesc> parameters = all.subList(arguments, all.size());
        if (parameters.size() > 1 && parameters.getFirst().equals(IN) && parameters.get(1).equals(OUT)) {
            if (parameters.size() > 3 || (parameters.size() == 3 && !parameters.get(2).equals(CONTEXT))) {
                throw invalid("The method " + name + " is no handler of streams: these have an InputStream, an"
                        + " OutputStream, and a Context of AWS Lambda's if they like.");
            }
            return;
        }
        if (!parameters.isEmpty() && parameters.getLast().descriptorString().equals(SUSPENDED)) {
            throw invalid("The method " + name
                    + " is a suspend function of Kotlin's; name one that calls it in runBlocking.");
        }
        if (parameters.isEmpty() || parameters.size() > 2) {
            throw invalid("The method " + name + " has " + parameters.size()
                    + (arguments > 0 ? " parameters after its arguments" : " parameters")
                    + "; a handler has one, for the datum, or two, the second a java.util.Map or a Context of"
                    + " AWS Lambda's.");
        }
        if (parameters.size() == 2 && !parameters.getLast().equals(MAP) && !parameters.getLast().equals(CONTEXT)) {
            throw invalid("The second parameter of " + name
                    + " must be a java.util.Map<String, Object>, or a Context of AWS Lambda's.");
        }
    }

    private static ProblemException invalid(String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/handler", detail);
    }
}
