package dev.wren.worker.function;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import dev.wren.protocol.Invocation;
import dev.wren.worker.binding.Binder;
import dev.wren.worker.binding.Binders;
import dev.wren.worker.binding.CallInfo;
import dev.wren.worker.binding.ValueBuffer;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.type.TypeBindings;
import tools.jackson.databind.type.TypeFactory;

/** Finds what {@code pkg.Class} or {@code pkg.Class::method} names in a jar, and makes an instance where one is due. */
final class HandlerResolver {

    private static final MethodType BODY = MethodType.methodType(Object.class, Object.class, Object.class);
    private static final MethodType STREAMS = MethodType.methodType(void.class, InputStream.class, OutputStream.class,
            Context.class);
    private static final String KOTLIN = "kotlin.jvm.functions.Function1";
    /** What a function of Kotlin's returns that returns nothing. */
    private static final String KOTLIN_UNIT = "kotlin.Unit";
    private static final List<Class<?>> FUTURES = List.of(CompletionStage.class, Future.class);

    private final ClassLoader loader;
    private final Binders binders;
    private final Clock clock;
    private final TypeFactory types;

    HandlerResolver(ClassLoader loader, Binders binders, Clock clock) {
        this.loader = loader;
        this.binders = binders;
        this.clock = clock;
        types = binders.types();
    }

    /**
     * The handler of that name; its class is initialised by this.
     *
     * @param arguments a JSON array: what a method's first parameters are
     * @throws NoSuchHandlerException when the jar has none that can be used
     * @throws Throwable whatever the class's initialiser or constructor throws, and errors of linking
     */
    Handler resolve(String name, String arguments) throws Throwable {
        int colons = name.indexOf("::");
        int descriptor = name.indexOf('(', Math.max(colons, 0));
        String className = colons < 0 ? name : name.substring(0, colons);
        Class<?> type;
        try {
            type = Class.forName(className, false, loader);
        } catch (ClassNotFoundException e) {
            if (className.equals(missing(e))) {
                throw new NoSuchHandlerException("class " + className + " is not in the jar", e);
            }
            throw e;
        }
        if (colons >= 0 && descriptor > 0) {
            // Whoever says that much knows what it is: a lambda's body is private.
            return ofMethod(type, MethodName.find(type, name.substring(colons + 2)), arguments, true);
        }
        if (!Modifier.isPublic(type.getModifiers())) {
            throw new NoSuchHandlerException("class " + className + " is not public");
        }
        if (colons >= 0) {
            return ofMethod(type, method(type, name.substring(colons + 2)), arguments, false);
        }
        if (!arguments.equals(Invocation.NO_ARGUMENTS)) {
            throw new NoSuchHandlerException("arguments are for a method, and " + className + " is a class");
        }
        return ofInterface(type);
    }

    private static String missing(ClassNotFoundException e) {
        String message = String.valueOf(e.getMessage());
        int space = message.indexOf(' ');
        return space < 0 ? message : message.substring(0, space);
    }

    private Handler ofInterface(Class<?> type) throws Throwable {
        if (Function.class.isAssignableFrom(type)) {
            Binder binder = binder(type, Function.class, 0, 1);
            @SuppressWarnings("unchecked")
            Function<@Nullable Object, @Nullable Object> function = (Function<@Nullable Object, @Nullable Object>) Instances
                    .of(type);
            return new Handler(binder, (value, call) -> function.apply(value));
        }
        if (BiFunction.class.isAssignableFrom(type)) {
            Binder binder = binder(type, BiFunction.class, 0, 2);
            requireMap(parameter(type, BiFunction.class, 1).getRawClass());
            @SuppressWarnings("unchecked")
            BiFunction<@Nullable Object, Object, @Nullable Object> function = (BiFunction<@Nullable Object, Object, @Nullable Object>) Instances
                    .of(type);
            return new Handler(binder, (value, call) -> function.apply(value, metadata(call)));
        }
        if (RequestHandler.class.isAssignableFrom(type)) {
            Binder binder = binders.ofLambda(parameter(type, RequestHandler.class, 0),
                    parameter(type, RequestHandler.class, 1));
            @SuppressWarnings("unchecked")
            RequestHandler<@Nullable Object, @Nullable Object> function = (RequestHandler<@Nullable Object, @Nullable Object>) Instances
                    .of(type);
            return new Handler(binder,
                    (value, call) -> function.handleRequest(value, new LambdaContext(call, clock)));
        }
        if (RequestStreamHandler.class.isAssignableFrom(type)) {
            RequestStreamHandler function = (RequestStreamHandler) Instances.of(type);
            return ofStreams((in, out, call) -> function.handleRequest(in, out, new LambdaContext(call, clock)));
        }
        Class<?> kotlin = kotlinFunction(type);
        if (kotlin != null) {
            Binder binder = binder(type, kotlin, 0, 1);
            MethodHandle body = MethodHandles.publicLookup()
                    .findVirtual(kotlin, "invoke", MethodType.methodType(Object.class, Object.class))
                    .bindTo(Instances.of(type)).asType(MethodType.methodType(Object.class, Object.class));
            return new Handler(binder, (value, call) -> {
                Object result = (Object) body.invokeExact(value);
                return result != null && result.getClass().getName().equals(KOTLIN_UNIT) ? null : result;
            });
        }
        throw new NoSuchHandlerException("class " + type.getName()
                + " implements neither Function, BiFunction, RequestHandler, RequestStreamHandler nor Kotlin's Function1;"
                + " name a method as " + type.getName() + "::method");
    }

    /** The interface of Kotlin's functions of one parameter, by its name, if it is one of the class's. */
    private static @Nullable Class<?> kotlinFunction(Class<?> type) {
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            for (Class<?> above : each.getInterfaces()) {
                Class<?> found = above.getName().equals(KOTLIN) ? above : kotlinFunction(above);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Writes its value to a stream. */
    private interface Streams {
        void run(InputStream in, OutputStream out, CallInfo call) throws Throwable;
    }

    private Handler ofStreams(Streams function) {
        return new Handler(binders.ofStreams(), (value, call) -> {
            ValueBuffer out = binders.newValue();
            function.run((InputStream) Objects.requireNonNull(value), out, call);
            return out;
        });
    }

    private Binder binder(Class<?> type, Class<?> generic, int datum, int value) {
        return binders.of(parameter(type, generic, datum), awaited(parameter(type, generic, value)));
    }

    /** Of a future what it will be. */
    private JavaType awaited(JavaType value) {
        for (Class<?> future : FUTURES) {
            if (future.isAssignableFrom(value.getRawClass())) {
                JavaType[] parameters = types.findTypeParameters(value, future);
                return parameters != null && parameters.length == 1 ? parameters[0] : TypeFactory.unknownType();
            }
        }
        return value;
    }

    private Handler ofMethod(Class<?> type, Method method, String arguments, boolean named) throws Throwable {
        List<byte[]> given = binders.elements(arguments);
        int count = method.getParameterCount() - given.size();
        boolean isOfDatum = named && count == 0 && !Modifier.isStatic(method.getModifiers());
        MethodHandle handle = handle(type, method, isOfDatum, named);
        Type[] generic = method.getGenericParameterTypes();
        if (count < 0 || generic.length != method.getParameterCount()) {
            throw new NoSuchHandlerException(method + " has " + method.getParameterCount() + " parameters, and "
                    + given.size() + " arguments were given");
        }
        for (int i = 0; i < given.size(); i++) {
            Binder binder = binders.of(memberType(type, method.getDeclaringClass(), generic[i]),
                    TypeFactory.unknownType());
            handle = MethodHandles.insertArguments(handle, isOfDatum ? 1 : 0,
                    binder.bind(given.get(i), 0, given.get(i).length));
        }
        if (isOfDatum) {
            return ofDatum(type, method, handle);
        }
        List<Class<?>> parameters = List.of(method.getParameterTypes()).subList(given.size(), generic.length);
        if (parameters.size() > 1 && parameters.getFirst() == InputStream.class
                && parameters.get(1) == OutputStream.class) {
            return ofStreams(method, handle);
        }
        if (parameters.isEmpty() || parameters.size() > 2) {
            throw new NoSuchHandlerException(
                    method + " has " + parameters.size() + " parameters" + (given.isEmpty() ? "" : " but its arguments")
                            + "; a function has one or two");
        }
        boolean context = parameters.size() == 2 && parameters.getLast() == Context.class;
        if (parameters.size() == 2 && !context) {
            requireMap(parameters.getLast());
        }
        JavaType datum = memberType(type, method.getDeclaringClass(), generic[given.size()]);
        JavaType value = awaited(memberType(type, method.getDeclaringClass(), method.getGenericReturnType()));
        // As AWS Lambda binds what is written for it.
        Binder binder = context ? binders.ofLambda(datum, value) : binders.of(datum, value);
        if (parameters.size() == 1) {
            handle = MethodHandles.dropArguments(handle, 1, Object.class);
        }
        MethodHandle body = handle.asFixedArity().asType(BODY);
        if (parameters.size() == 1) {
            return new Handler(binder, (datumOf, call) -> (Object) body.invokeExact(datumOf, (Object) call));
        }
        if (context) {
            return new Handler(binder, (datumOf, call) -> (Object) body.invokeExact(datumOf,
                    (Object) new LambdaContext(call, clock)));
        }
        return new Handler(binder, (datumOf, call) -> (Object) body.invokeExact(datumOf, (Object) metadata(call)));
    }

    /** A method without parameters is the function of what it is called on. */
    private Handler ofDatum(Class<?> type, Method method, MethodHandle handle) {
        JavaType value = awaited(memberType(type, method.getDeclaringClass(), method.getGenericReturnType()));
        MethodHandle body = MethodHandles.dropArguments(handle, 1, Object.class).asType(BODY);
        return new Handler(binders.of(types.constructType(type), value),
                (datumOf, call) -> (Object) body.invokeExact(datumOf, (Object) call));
    }

    private MethodHandle handle(Class<?> type, Method method, boolean isOfDatum, boolean anyAccess)
            throws Throwable {
        // The declaring class may be a superclass that is not public itself.
        method.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup().unreflect(method);
        if (Modifier.isStatic(method.getModifiers())) {
            Class.forName(type.getName(), true, loader);
            return handle;
        }
        return isOfDatum ? handle : handle.bindTo(Instances.of(type, anyAccess));
    }

    private Handler ofStreams(Method method, MethodHandle handle) throws NoSuchHandlerException {
        int count = method.getParameterCount();
        if (count > 3 || (count == 3 && method.getParameterTypes()[2] != Context.class)) {
            throw new NoSuchHandlerException(method
                    + " is no handler of streams: these have an InputStream, an OutputStream and, if they like, a Context");
        }
        MethodHandle body = (count == 2 ? MethodHandles.dropArguments(handle, 2, Context.class) : handle)
                .asType(STREAMS);
        return ofStreams((in, out, call) -> {
            body.invokeExact(in, out, (Context) new LambdaContext(call, clock));
        });
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
        return binders.metadata(call);
    }
}
