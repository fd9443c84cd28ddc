package dev.wren.worker.function;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.type.TypeBindings;
import tools.jackson.databind.type.TypeFactory;

/** Finds what {@code pkg.Class} or {@code pkg.Class::method} names in a jar, and makes an instance where one is due. */
final class HandlerResolver {

    private static final MethodType BODY = MethodType.methodType(Object.class, Object.class, Object.class);

    private final ClassLoader loader;
    private final JsonBinding json;
    private final Clock clock;
    private final TypeFactory types;

    HandlerResolver(ClassLoader loader, JsonBinding json, Clock clock) {
        this.loader = loader;
        this.json = json;
        this.clock = clock;
        types = json.types();
    }

    /** The name does not fit what is in the jar. */
    static final class NoSuchHandlerException extends Exception {

        private static final long serialVersionUID = 1L;

        NoSuchHandlerException(String message) {
            super(message);
        }
    }

    /**
     * The handler of that name; its class is initialised by this.
     *
     * @throws NoSuchHandlerException when the jar has none that can be used
     * @throws Throwable whatever the class's initialiser or constructor throws, and errors of linking
     */
    Handler resolve(String name) throws Throwable {
        int colons = name.indexOf("::");
        String className = colons < 0 ? name : name.substring(0, colons);
        Class<?> type;
        try {
            type = Class.forName(className, false, loader);
        } catch (ClassNotFoundException e) {
            if (className.equals(missing(e))) {
                throw (NoSuchHandlerException) new NoSuchHandlerException(
                        "class " + className + " is not in the jar").initCause(e);
            }
            throw e;
        }
        if (!Modifier.isPublic(type.getModifiers())) {
            throw new NoSuchHandlerException("class " + className + " is not public");
        }
        return colons < 0 ? ofInterface(type) : ofMethod(type, name.substring(colons + 2));
    }

    private static String missing(ClassNotFoundException e) {
        String message = String.valueOf(e.getMessage());
        int space = message.indexOf(' ');
        return space < 0 ? message : message.substring(0, space);
    }

    private Handler ofInterface(Class<?> type) throws Throwable {
        if (Function.class.isAssignableFrom(type)) {
            JavaType datum = parameter(type, Function.class, 0);
            @SuppressWarnings("unchecked")
            Function<@Nullable Object, @Nullable Object> function = (Function<@Nullable Object, @Nullable Object>) instance(
                    type);
            return new Handler(datum, (value, call) -> function.apply(value));
        }
        if (BiFunction.class.isAssignableFrom(type)) {
            JavaType datum = parameter(type, BiFunction.class, 0);
            requireMap(parameter(type, BiFunction.class, 1).getRawClass());
            @SuppressWarnings("unchecked")
            BiFunction<@Nullable Object, Object, @Nullable Object> function = (BiFunction<@Nullable Object, Object, @Nullable Object>) instance(
                    type);
            return new Handler(datum, (value, call) -> function.apply(value, metadata(call)));
        }
        if (RequestHandler.class.isAssignableFrom(type)) {
            JavaType datum = parameter(type, RequestHandler.class, 0);
            @SuppressWarnings("unchecked")
            RequestHandler<@Nullable Object, @Nullable Object> function = (RequestHandler<@Nullable Object, @Nullable Object>) instance(
                    type);
            return new Handler(datum,
                    (value, call) -> function.handleRequest(value, new LambdaContext(call, clock)));
        }
        throw new NoSuchHandlerException("class " + type.getName() + (RequestStreamHandler.class.isAssignableFrom(type)
                ? " is a RequestStreamHandler, which is not supported: its data are no JSON values"
                : " implements neither Function, BiFunction nor RequestHandler; name a method as "
                        + type.getName() + "::method"));
    }

    private Handler ofMethod(Class<?> type, String methodName) throws Throwable {
        Method method = method(type, methodName);
        int count = method.getParameterCount();
        if (count < 1 || count > 2) {
            throw new NoSuchHandlerException(
                    method + " has " + count + " parameters; a function has one or two");
        }
        boolean context = false;
        if (count == 2) {
            Class<?> second = method.getParameterTypes()[1];
            context = second == Context.class;
            if (!context) {
                requireMap(second);
            }
        }
        JavaType datum = memberType(type, method.getDeclaringClass(), method.getGenericParameterTypes()[0]);
        // The declaring class may be a superclass that is not public itself.
        method.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup().unreflect(method);
        if (Modifier.isStatic(method.getModifiers())) {
            Class.forName(type.getName(), true, loader);
        } else {
            handle = handle.bindTo(instance(type));
        }
        if (count == 1) {
            handle = MethodHandles.dropArguments(handle, 1, Object.class);
        }
        MethodHandle body = handle.asFixedArity().asType(BODY);
        if (count == 1) {
            return new Handler(datum, (value, call) -> (Object) body.invokeExact(value, (Object) call));
        }
        if (context) {
            return new Handler(datum, (value, call) -> (Object) body.invokeExact(value,
                    (Object) new LambdaContext(call, clock)));
        }
        return new Handler(datum, (value, call) -> (Object) body.invokeExact(value, (Object) metadata(call)));
    }

    private static Method method(Class<?> type, String name) throws NoSuchHandlerException {
        List<Method> found = new ArrayList<>();
        List<Method> bridges = new ArrayList<>();
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name)) {
                (method.isBridge() ? bridges : found).add(method);
            }
        }
        if (found.isEmpty()) {
            // A public method inherited from a class that is not public shows up as a bridge, without its generic types.
            for (Method bridge : bridges) {
                found.add(bridged(type, bridge));
            }
        }
        if (found.isEmpty()) {
            throw new NoSuchHandlerException("class " + type.getName() + " has no public method " + name);
        }
        if (found.size() > 1) {
            throw new NoSuchHandlerException(
                    "class " + type.getName() + " has " + found.size() + " public methods " + name);
        }
        return found.getFirst();
    }

    private static Method bridged(Class<?> type, Method bridge) {
        for (Class<?> above = type.getSuperclass(); above != null; above = above.getSuperclass()) {
            for (Method method : above.getDeclaredMethods()) {
                if (!method.isBridge() && method.getName().equals(bridge.getName())
                        && List.of(method.getParameterTypes()).equals(List.of(bridge.getParameterTypes()))) {
                    return method;
                }
            }
        }
        return bridge;
    }

    private JavaType parameter(Class<?> type, Class<?> generic, int index) {
        JavaType[] parameters = types.findTypeParameters(types.constructType(type), generic);
        return parameters != null && index < parameters.length ? parameters[index] : TypeFactory.unknownType();
    }

    private JavaType memberType(Class<?> type, Class<?> declaring, Type member) {
        JavaType above = types.constructType(type).findSuperType(declaring);
        return types.resolveMemberType(member, above != null ? above.getBindings() : TypeBindings.emptyBindings());
    }

    private static void requireMap(Class<?> second) throws NoSuchHandlerException {
        if (!second.isAssignableFrom(Map.class)) {
            throw new NoSuchHandlerException(
                    "the second parameter is a " + second.getName() + "; it has to be a Map<String, Object>");
        }
    }

    private Map<String, @Nullable Object> metadata(CallInfo call) {
        return json.metadata(call);
    }

    private static Object instance(Class<?> type) throws Throwable {
        if (Modifier.isAbstract(type.getModifiers())) {
            throw new NoSuchHandlerException("class " + type.getName() + " is abstract");
        }
        try {
            return type.getConstructor().newInstance();
        } catch (NoSuchMethodException e) {
            throw (NoSuchHandlerException) new NoSuchHandlerException(
                    "class " + type.getName() + " has no public constructor without parameters").initCause(e);
        } catch (InvocationTargetException e) {
            throw e.getCause() != null ? e.getCause() : e;
        }
    }
}
