package dev.wren.client;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.invoke.MethodHandleInfo;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * What has to be said of a function so that a worker can run it: where its code is, and what it has captured.
 *
 * @param handler as the gateway reads it
 * @param arguments a JSON array: what was captured
 * @param value what its values are bound to here
 * @param type the class that it is in; null for one that is named by its text
 */
record FunctionCode(String handler, String arguments, JavaType value, @Nullable Class<?> type) {

    /**
     * Finds it.
     *
     * @param returning what values are bound to, where the caller knows better; else null
     * @throws IllegalArgumentException if it cannot travel, with what is in the way and what to do instead
     */
    static FunctionCode of(RemoteFunction<?, ?> function, @Nullable Type returning, JsonMapper json) {
        return switch (function) {
            case OtherForms.Named<?, ?> named -> new FunctionCode(named.handler(), "[]",
                    json.constructType(returning == null ? named.value() : returning), null);
            case OtherForms.Instance<?, ?, ?> instance -> of(instance.code(), Form.INSTANCE, returning, json);
            case OtherForms.OfCall<?, ?> call -> of(call.code(), Form.WITH_CALL, returning, json);
            default -> of(function, Form.DATUM, returning, json);
        };
    }

    /** What a function is given. */
    private enum Form {
        DATUM(1),
        WITH_CALL(2),
        INSTANCE(1);

        /** Parameters that are not captured. */
        private final int parameters;

        Form(int parameters) {
            this.parameters = parameters;
        }
    }

    private static FunctionCode of(Serializable function, Form form, @Nullable Type returning, JsonMapper json) {
        SerializedLambda lambda = lambda(function);
        String type = lambda.getImplClass().replace('/', '.');
        ClassLoader loader = function.getClass().getClassLoader();
        MethodType signature = MethodType.fromMethodDescriptorString(lambda.getImplMethodSignature(), loader);
        Class<?> owner = owner(type, loader);
        boolean isStatic = lambda.getImplMethodKind() == MethodHandleInfo.REF_invokeStatic;
        boolean isBody = lambda.getImplMethodName().startsWith("lambda$");
        int captured = lambda.getCapturedArgCount();
        switch (lambda.getImplMethodKind()) {
            case MethodHandleInfo.REF_newInvokeSpecial -> throw refused(
                    "A constructor, " + type + "::new, cannot travel. Write x -> new " + owner.getSimpleName()
                            + "(x) instead.");
            case MethodHandleInfo.REF_invokeStatic -> {
                // What is captured are its first parameters.
            }
            default -> {
                if (captured > 0) {
                    throw isBody ? capturesThis(type) : boundReceiver(type, lambda.getImplMethodName());
                }
                if (form == Form.WITH_CALL) {
                    throw refused(type + "::" + lambda.getImplMethodName() + " is a method of the datum, which has no"
                            + " place for the call. Write (x, call) -> … instead.");
                }
            }
        }
        if (form == Form.INSTANCE) {
            requireInstance(owner, isStatic, isBody, lambda.getImplMethodName());
        }
        int left = signature.parameterCount() - captured;
        int expected = isStatic || form == Form.INSTANCE ? form.parameters : form.parameters - 1;
        if (left != expected) {
            throw refused(type + "::" + lambda.getImplMethodName() + " has " + signature.parameterCount()
                    + " parameters. Write a lambda that calls it.");
        }
        String arguments = new Captures(json, owner, lambda, signature).json();
        return new FunctionCode(type + "::" + lambda.getImplMethodName() + lambda.getImplMethodSignature(), arguments,
                json.constructType(returning != null ? returning : value(owner, lambda, signature, loader)), owner);
    }

    /** What the compiler has written of a lambda or a reference to a method. */
    private static SerializedLambda lambda(Serializable function) {
        Class<?> type = function.getClass();
        if (type.isAnonymousClass()) {
            throw refused("An anonymous class, " + type.getName()
                    + ", cannot travel: it knows the object that it is in. Write a lambda instead.");
        }
        if (!type.isHidden() && !type.isSynthetic()) {
            throw refused("An object of " + type.getName() + " cannot travel. Name its method instead: RemoteFunction"
                    + ".instance(" + type.getSimpleName() + "::apply), if the class has a constructor without"
                    + " parameters; or write a lambda.");
        }
        Found found = new Found();
        try (ObjectOutputStream out = new Replaced(found)) {
            out.writeObject(function);
        } catch (Stop e) {
            // It was found.
        } catch (IOException e) {
            throw new IllegalArgumentException("The function " + type.getName() + " cannot be looked into: "
                    + e.getMessage(), e);
        }
        if (found.lambda == null) {
            throw refused("The function " + type.getName() + " is no lambda and no reference to a method.");
        }
        return found.lambda;
    }

    private static final class Found {
        private @Nullable SerializedLambda lambda;
    }

    /** Ends the writing before what was captured is written. */
    private static final class Stop extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** Sees what a lambda is replaced by when it is written; no private method has to be called for that. */
    private static final class Replaced extends ObjectOutputStream {

        private final Found found;

        Replaced(Found found) throws IOException {
            super(OutputStream.nullOutputStream());
            this.found = found;
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) throws IOException {
            if (object instanceof SerializedLambda lambda) {
                found.lambda = lambda;
            }
            throw new Stop();
        }
    }

    private static Class<?> owner(String type, @Nullable ClassLoader loader) {
        try {
            return Class.forName(type, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("The class " + type + " of the function cannot be found.", e);
        }
    }

    private static void requireInstance(Class<?> owner, boolean isStatic, boolean isBody, String method) {
        if (isBody || isStatic) {
            throw refused("RemoteFunction.instance is for a method of an instance, " + owner.getSimpleName()
                    + "::method; a " + (isBody ? "lambda" : "static method")
                    + " is passed as it is.");
        }
        boolean hasConstructor = false;
        for (var constructor : owner.getDeclaredConstructors()) {
            hasConstructor |= constructor.getParameterCount() == 0;
        }
        if (!hasConstructor || Modifier.isAbstract(owner.getModifiers())) {
            throw refused("The class " + owner.getName() + " of " + method
                    + " has no constructor without parameters, by which a worker could make an instance.");
        }
    }

    private static IllegalArgumentException capturesThis(String type) {
        return refused("The lambda uses a field or a method of the object that it is written in, a " + type
                + ", and that object cannot travel. Copy the field to a local variable before the lambda, or make the"
                + " method static.");
    }

    private static IllegalArgumentException boundReceiver(String type, String method) {
        return refused("The reference is to the method " + method + " of one object, a " + type
                + ", and that object cannot travel. Use RemoteFunction.instance("
                + type.substring(type.lastIndexOf('.') + 1) + "::" + method
                + ") if workers can make their own, or a static method.");
    }

    static IllegalArgumentException refused(String why) {
        return new IllegalArgumentException(why);
    }

    /** What values are declared to be. Type parameters are lost in lambdas, and known of methods. */
    private static Type value(Class<?> owner, SerializedLambda lambda, MethodType signature,
            @Nullable ClassLoader loader) {
        Class<?> instantiated = MethodType.fromMethodDescriptorString(lambda.getInstantiatedMethodType(), loader)
                .returnType();
        Type declared = declared(owner, lambda.getImplMethodName(), signature);
        if (declared instanceof Class<?> raw && isFuture(raw)) {
            return Object.class;
        }
        if (declared instanceof ParameterizedType parameterized
                && parameterized.getRawType() instanceof Class<?> raw && isFuture(raw)) {
            return parameterized.getActualTypeArguments().length == 1
                    ? parameterized.getActualTypeArguments()[0]
                    : Object.class;
        }
        return declared instanceof TypeVariable<?> ? instantiated : declared;
    }

    private static Type declared(Class<?> owner, String name, MethodType signature) {
        Type declared = signature.returnType();
        for (Class<?> each : hierarchy(owner)) {
            try {
                for (Method method : each.getDeclaredMethods()) {
                    if (method.getName().equals(name) && MethodType
                            .methodType(method.getReturnType(), method.getParameterTypes()).equals(signature)) {
                        declared = method.getGenericReturnType();
                    }
                }
            } catch (LinkageError e) {
                // Another of its methods names a class that is not there: the type is known without its parameters.
            }
        }
        return declared;
    }

    private static boolean isFuture(Class<?> type) {
        return Future.class.isAssignableFrom(type) || CompletionStage.class.isAssignableFrom(type);
    }

    private static List<Class<?>> hierarchy(Class<?> type) {
        List<Class<?>> all = new ArrayList<>();
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            all.add(each);
        }
        return all.reversed();
    }
}
