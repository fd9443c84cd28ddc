package dev.wren.client;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Functions that are more than a lambda of one parameter. They run elsewhere only. */
sealed interface OtherForms<T extends @Nullable Object, R extends @Nullable Object> extends RemoteFunction<T, R> {

    @Override
    default R apply(T datum) {
        throw new UnsupportedOperationException("this runs elsewhere");
    }

    /** What its code is found by. */
    Serializable code();

    /** See {@link RemoteFunction#instance}. */
    record Instance<C, T extends @Nullable Object, R extends @Nullable Object>(
            RemoteFunction.OfInstance<C, T, R> code) implements OtherForms<T, R> {
    }

    /** See {@link RemoteFunction#withCall}. */
    record OfCall<T extends @Nullable Object, R extends @Nullable Object>(
            RemoteFunction.WithCall<T, R> code) implements OtherForms<T, R> {
    }

    /** See {@link RemoteFunction#named}. */
    record Named<T extends @Nullable Object, R extends @Nullable Object>(String handler,
            Class<R> value) implements OtherForms<T, R> {

        @Override
        public Serializable code() {
            return handler;
        }
    }
}
