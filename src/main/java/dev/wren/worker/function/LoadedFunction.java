package dev.wren.worker.function;

import dev.wren.worker.binding.Binder;
import dev.wren.worker.binding.CallInfo;
import dev.wren.worker.binding.ValueBuffer;
import org.jspecify.annotations.Nullable;

/** A function that is ready: one instance, used by one call after the other. */
public final class LoadedFunction {

    private final LoadedJar jar;
    private final Handler.Body body;
    private final Binder binder;

    LoadedFunction(LoadedJar jar, Handler handler) {
        this.jar = jar;
        body = handler.body();
        binder = handler.binder();
    }

    ClassLoader loader() {
        return jar.loader();
    }

    @Nullable
    Object bind(byte[] json, int offset, int length) throws Throwable {
        return binder.bind(json, offset, length);
    }

    @Nullable
    Object apply(@Nullable Object datum, CallInfo call) throws Throwable {
        return body.apply(datum, call);
    }

    void write(@Nullable Object value, ValueBuffer out) throws Throwable {
        binder.write(value, out);
    }
}
