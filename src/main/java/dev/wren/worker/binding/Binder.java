package dev.wren.worker.binding;

import org.jspecify.annotations.Nullable;

/** Between JSON and the types of one function. For one thread. */
public interface Binder {

    /**
     * Makes a datum of its JSON.
     *
     * @throws Throwable if it does not fit: an exception of some Jackson, or what the user's code has thrown
     */
    @Nullable
    Object bind(byte[] json, int offset, int length) throws Throwable;

    /**
     * Writes a value to {@code out}, which is cleared before.
     *
     * @throws Throwable if it has no JSON: an exception of some Jackson, or what the user's code has thrown
     */
    void write(@Nullable Object value, ValueBuffer out) throws Throwable;
}
