package dev.wren.worker.function;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.worker.binding.CallInfo;
import dev.wren.worker.binding.ValueBuffer;
import dev.wren.worker.loader.FunctionLoaders;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Applies a function to one datum after the other, and says what came of it. For one thread. */
public final class FunctionCall {

    private static final int CAUSES = 16;

    private final LongSupplier nanos;
    private final ValueBuffer value;
    private long started;
    private long ended;
    private boolean broken;

    /**
     * @param resultLimit bytes of JSON that a value may have
     * @param nanos a clock for durations, nanoseconds
     */
    public FunctionCall(int resultLimit, LongSupplier nanos) {
        this.nanos = nanos;
        value = new ValueBuffer(resultLimit);
    }

    /**
     * Applies {@code function} to the datum in {@code json}.
     *
     * @return why there is no value, or null: then {@link #value()} has it
     */
    public @Nullable CallError run(LoadedFunction function, CallInfo call, byte[] json, int offset, int length) {
        broken = false;
        Thread thread = Thread.currentThread();
        thread.setContextClassLoader(function.loader());
        FunctionLoaders.enter(function.loader());
        started = nanos.getAsLong();
        ended = started;
        try {
            Object datum;
            try {
                datum = function.bind(json, offset, length);
            } catch (Throwable t) {
                return failed(t, Failures::ofDatum);
            }
            Object result;
            started = nanos.getAsLong();
            try {
                result = Futures.value(function.apply(datum, call));
            } catch (Throwable t) {
                ended = nanos.getAsLong();
                return failed(t, Failures::ofFunction);
            }
            ended = nanos.getAsLong();
            try {
                function.write(result, value);
            } catch (Throwable t) {
                return failed(t, thrown -> Failures.ofValue(thrown, value));
            }
            return null;
        } finally {
            Thread.interrupted();
        }
    }

    /** The JSON of the last call's value. */
    public ValueBuffer value() {
        return value;
    }

    /** When the last call's function was applied, by the clock for durations. */
    public long started() {
        return started;
    }

    /** When it had ended. */
    public long ended() {
        return ended;
    }

    /** Whether the last call left the Java machine in doubt: out of memory, or an internal error. */
    public boolean isBroken() {
        return broken;
    }

    /** Whether {@code thrown} leaves the Java machine in doubt. */
    public static boolean breaks(Throwable thrown) {
        Throwable t = thrown;
        for (int i = 0; t != null && i < CAUSES; i++) {
            if (t instanceof VirtualMachineError && !(t instanceof StackOverflowError)) {
                return true;
            }
            try {
                t = t.getCause();
            } catch (Throwable hostile) {
                return false;
            }
        }
        return false;
    }

    private interface Description {
        CallError of(Throwable thrown);
    }

    private CallError failed(Throwable thrown, Description description) {
        broken = breaks(thrown);
        try {
            return description.of(thrown);
        } catch (Throwable t) {
            broken |= breaks(t);
            return new CallError(ErrorCode.FUNCTION, thrown.getClass().getName(), "", null);
        }
    }
}
