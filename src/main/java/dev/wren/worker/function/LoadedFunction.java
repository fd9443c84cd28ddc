package dev.wren.worker.function;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.ObjectReader;

/** A function that is ready: one instance, used by one call after the other. */
public final class LoadedFunction {

    private final LoadedJar jar;
    private final Handler.Body body;
    private final ObjectReader reader;

    LoadedFunction(LoadedJar jar, Handler handler) {
        this.jar = jar;
        body = handler.body();
        reader = jar.json().reader(handler.datumType());
    }

    ClassLoader loader() {
        return jar.loader();
    }

    @Nullable
    Object bind(byte[] json, int offset, int length) {
        return reader.readValue(json, offset, length);
    }

    @Nullable
    Object apply(@Nullable Object datum, CallInfo call) throws Throwable {
        return body.apply(datum, call);
    }

    void write(@Nullable Object value, ValueBuffer out) {
        jar.json().write(value, out);
    }
}
