package dev.wren.client;

import java.io.Serializable;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A function that runs elsewhere: a lambda, or a reference to a method. Its code travels by itself; what it captures
 * travels as JSON.
 *
 * <ul>
 * <li>{@code Squares::square}, a static method; {@code Point::x}, what is asked of the datum itself;</li>
 * <li>{@code x -> x * factor}, where {@code factor} is a number, a text, an enum, a record, or lists and maps of texts and
 * whole numbers;</li>
 * <li>{@link #instance instance(Squares::square)}, a method of an instance that is made there;</li>
 * <li>{@link #withCall withCall((x, call) -> …)}, which is told of its call;</li>
 * <li>{@link #named named("pkg.Class::method", Integer.class)}, a function of jars that are there.</li>
 * </ul>
 *
 * <p>
 * A lambda's parameters have lost their type parameters: a {@code List<Point>} reaches a lambda as a list of maps, but a
 * method, which is named by {@code Class::method}, as what it is declared to be.
 *
 * @param <T> of the data, as JSON is bound to it
 * @param <R> of the values, as JSON is bound to it here
 */
@FunctionalInterface
public interface RemoteFunction<T extends @Nullable Object, R extends @Nullable Object> extends Serializable {

    /** Runs there. */
    R apply(T datum) throws Exception;

    /**
     * A method of an instance that each worker makes by the class's constructor without parameters, and keeps.
     *
     * @param method {@code Class::method}, not a lambda
     */
    static <C, T extends @Nullable Object, R extends @Nullable Object> RemoteFunction<T, R> instance(
            OfInstance<C, T, R> method) {
        return new OtherForms.Instance<>(method);
    }

    /**
     * A function whose second parameter tells of its call: {@code callsetId}, {@code callId}, {@code extraMeta}.
     *
     * @param function a static method or a lambda
     */
    static <T extends @Nullable Object, R extends @Nullable Object> RemoteFunction<T, R> withCall(
            WithCall<T, R> function) {
        return new OtherForms.OfCall<>(function);
    }

    /**
     * A function of jars that the gateway has, by its handler; {@link MapOptions#jars} names them.
     *
     * @param handler {@code pkg.Class}, {@code pkg.Class::method} or {@code pkg.Class::method(descriptor)}
     * @param value what its values are bound to
     */
    static <T extends @Nullable Object, R extends @Nullable Object> RemoteFunction<T, R> named(String handler,
            Class<R> value) {
        return new OtherForms.Named<>(handler, value);
    }

    /** A method of an instance. */
    @FunctionalInterface
    interface OfInstance<C, T extends @Nullable Object, R extends @Nullable Object> extends Serializable {

        /** Runs there. */
        R apply(C instance, T datum) throws Exception;
    }

    /** A function that is told of its call. */
    @FunctionalInterface
    interface WithCall<T extends @Nullable Object, R extends @Nullable Object> extends Serializable {

        /** Runs there. */
        R apply(T datum, Map<String, Object> call) throws Exception;
    }
}
