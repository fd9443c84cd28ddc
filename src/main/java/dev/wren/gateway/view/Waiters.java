package dev.wren.gateway.view;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.CallWaiters;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.stereotype.Component;

/** Waits for many calls of many callsets at once. Safe for use by several threads. */
@Component
public final class Waiters {

    private final Ticker ticker;

    Waiters(Ticker ticker) {
        this.ticker = ticker;
    }

    /** A call. */
    public record CallRef(Callset callset, int index) {
    }

    /**
     * Waits until the condition holds; false if it does not within {@code timeout}. With nothing to wait for it holds.
     */
    public boolean await(List<CallRef> calls, ReturnWhen when, Duration timeout) throws InterruptedException {
        return switch (when) {
            case ALWAYS -> true;
            case ALL_COMPLETED -> awaitAll(calls, timeout);
            case ANY_COMPLETED -> awaitAny(calls, timeout);
        };
    }

    /** Bytes of memory that each call of a wait takes, about. */
    static int weight(ReturnWhen when) {
        return switch (when) {
            case ALL_COMPLETED, ALWAYS -> 40;
            case ANY_COMPLETED -> 300;
        };
    }

    private boolean awaitAll(List<CallRef> calls, Duration timeout) throws InterruptedException {
        Deadline end = Deadline.in(timeout, ticker);
        // One after the other: the wait is over when the slowest has ended, whichever is asked first.
        for (CallRef call : calls) {
            if (!call.callset.state().awaitFinal(call.index, end.left())) {
                return false;
            }
        }
        return true;
    }

    private static boolean awaitAny(List<CallRef> calls, Duration timeout) throws InterruptedException {
        if (calls.isEmpty()) {
            return true;
        }
        List<CallWaiters.Place> places = new ArrayList<>(calls.size());
        try {
            calls.forEach(call -> places.add(call.callset.state().listenTo(call.index)));
            if (holds(calls)) {
                return true;
            }
            CompletableFuture.anyOf(places.stream().map(CallWaiters.Place::rung).toArray(CompletableFuture[]::new))
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            calls.forEach(call -> call.callset.state().requireHere());
            return true;
        } catch (TimeoutException e) {
            return holds(calls);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            places.forEach(CallWaiters.Place::close);
        }
    }

    private static boolean holds(List<CallRef> calls) {
        return calls.stream()
                .anyMatch(call -> call.callset.state().isDeleted() || call.callset.state().of(call.index).isFinal());
    }
}
