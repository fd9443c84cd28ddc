package dev.wren.client;

import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One call: where it is, and what it comes to. Two that are of the same call are equal. It can be serialized, and asks the
 * same gateways then, with the key that the reader has. Safe for use by several threads.
 *
 * @param <R> of the value
 */
public final class ResponseFuture<R extends @Nullable Object> implements Serializable {

    private static final long serialVersionUID = 1L;

    // Not written: see SavedFuture.
    private final transient Calls<R> calls;
    private final int index;

    ResponseFuture(Calls<R> calls, int index) {
        this.calls = calls;
        this.index = index;
    }

    Calls<R> calls() {
        return calls;
    }

    int index() {
        return index;
    }

    /** Id of the map that it is of. */
    public String callsetId() {
        return calls.id();
    }

    /** Its id in the map. */
    public String callId() {
        return calls.callId(index);
    }

    /**
     * The value, waited for as long as it takes.
     *
     * @throws FunctionException if there is none
     * @throws CancellationException if it was cancelled
     * @throws WrenException if no gateway answers, or the thread is interrupted
     */
    public R result() {
        while (true) {
            switch (calls.result(index, Calls.POLL)) {
                case Calls.Result.Value<R> value -> {
                    return value.value();
                }
                case Calls.Result.None<R> none -> throw none.why();
                case Calls.Result.NotYet<R> notYet -> {
                    // Once more.
                }
            }
        }
    }

    /**
     * The value, waited for a while.
     *
     * @throws TimeoutException if there is nothing by then
     * @throws FunctionException if there is none
     * @throws CancellationException if it was cancelled
     */
    public R result(Duration timeout) throws TimeoutException {
        Time.Deadline deadline = calls.time().in(timeout);
        while (true) {
            switch (calls.result(index, deadline.left(Calls.POLL))) {
                case Calls.Result.Value<R> value -> {
                    return value.value();
                }
                case Calls.Result.None<R> none -> throw none.why();
                case Calls.Result.NotYet<R> notYet -> {
                    if (deadline.isOver()) {
                        throw new TimeoutException("call " + this + " has not ended within " + timeout);
                    }
                }
            }
        }
    }

    /**
     * The same; with {@code throwExcept} false, null for a call that has failed or was cancelled.
     *
     * @throws TimeoutException if there is nothing by then
     */
    public @Nullable R result(Duration timeout, boolean throwExcept) throws TimeoutException {
        try {
            return result(timeout);
        } catch (FunctionException | CancellationException e) {
            if (throwExcept) {
                throw e;
            }
            return null;
        }
    }

    /** What a worker has told of its last attempt; nothing as long as none has. Asks a gateway. */
    public Optional<CallStatus> runStatus() {
        return calls.status(index);
    }

    private Object writeReplace() {
        return calls.saved(index);
    }

    /** Whether it has ended, in whatever way. Asks a gateway. */
    public boolean done() {
        return state().isFinal();
    }

    /** Where it is. Asks a gateway. */
    public CallState state() {
        return calls.state(index);
    }

    /**
     * Cancels it, unless it has ended; what runs of it is stopped.
     *
     * @return whether it is cancelled
     */
    public boolean cancel() {
        return calls.cancel(index) == CallState.CANCELLED;
    }

    /** What its last attempt has written to standard output and error, so far. */
    public String logs() {
        return calls.logs(index);
    }

    /**
     * A future of Java's that ends when the call does: with its value, a {@link FunctionException}, or a
     * {@link CancellationException}. One connection serves all futures of a map. Cancelling it cancels nothing there.
     */
    public CompletableFuture<R> toCompletableFuture() {
        return calls.watch().future(index);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ResponseFuture<?> future && future.index == index
                && future.callsetId().equals(callsetId());
    }

    @Override
    public int hashCode() {
        return callsetId().hashCode() * 31 + index;
    }

    @Override
    public String toString() {
        return callsetId() + "/" + callId();
    }
}
