package dev.wren.gateway.callset;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for calls of one callset. A commit looks up only the calls that ended with it, so a thousand polls on a
 * thousand calls cost a commit nothing that it does not touch. Safe for use by several threads.
 */
public final class CallWaiters {

    /** Instead of a call's index: woken when all calls have ended. */
    static final int DONE = -1;
    /** Instead of a call's index: woken by every commit. */
    static final int ANY = -2;

    private final Ticker ticker;
    private final Map<Integer, Bell> bells = new HashMap<>();

    CallWaiters(Ticker ticker) {
        this.ticker = ticker;
    }

    /** Rings once. */
    private static final class Bell {
        final CompletableFuture<Void> rung = new CompletableFuture<>();
        int listeners;
    }

    /** Calls {@code from} to {@code to}, exclusive. */
    record Range(int from, int to) {
    }

    /**
     * Waits until {@code condition} holds, which is looked at now and whenever {@code key} is woken.
     *
     * @param timeout null: as long as it takes
     * @return whether it holds
     */
    boolean await(BooleanSupplier condition, int key, @Nullable Duration timeout) throws InterruptedException {
        Deadline deadline = timeout == null ? null : Deadline.in(timeout, ticker);
        while (true) {
            Bell bell = listen(key);
            try {
                if (condition.getAsBoolean()) {
                    return true;
                }
                if (deadline == null) {
                    bell.rung.get();
                } else {
                    Duration left = deadline.left();
                    if (left.isZero()) {
                        return false;
                    }
                    bell.rung.get(left.toNanos(), TimeUnit.NANOSECONDS);
                }
            } catch (TimeoutException e) {
                return condition.getAsBoolean();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            } finally {
                leave(key, bell);
            }
        }
    }

    /** A place at {@code key}, to be closed by the caller; its future completes when the key is woken next. */
    Place listenTo(int key) {
        Bell bell = listen(key);
        return new Place(bell.rung, () -> leave(key, bell));
    }

    /** Somebody who listens. */
    public record Place(CompletableFuture<Void> rung, Runnable leave) implements AutoCloseable {
        @Override
        public void close() {
            leave.run();
        }
    }

    /** Wakes those who wait for what has ended. */
    void wake(List<Integer> ended, List<Range> cancelled, boolean done) {
        List<Bell> ringing = new ArrayList<>();
        synchronized (bells) {
            if (bells.isEmpty()) {
                return;
            }
            for (int call : ended) {
                take(call, ringing);
            }
            if (!cancelled.isEmpty()) {
                List.copyOf(bells.keySet()).stream()
                        .filter(key -> cancelled.stream().anyMatch(run -> key >= run.from && key < run.to))
                        .forEach(key -> take(key, ringing));
            }
            take(ANY, ringing);
            if (done) {
                take(DONE, ringing);
            }
        }
        ringing.forEach(bell -> bell.rung.complete(null));
    }

    /** Wakes everybody. */
    void wakeAll() {
        List<Bell> ringing;
        synchronized (bells) {
            ringing = List.copyOf(bells.values());
            bells.clear();
        }
        ringing.forEach(bell -> bell.rung.complete(null));
    }

    private void take(int key, List<Bell> into) {
        Bell bell = bells.remove(key);
        if (bell != null) {
            into.add(bell);
        }
    }

    private Bell listen(int key) {
        synchronized (bells) {
            Bell bell = bells.computeIfAbsent(key, _ -> new Bell());
            bell.listeners++;
            return bell;
        }
    }

    private void leave(int key, Bell bell) {
        synchronized (bells) {
            if (--bell.listeners == 0) {
                bells.remove(key, bell);
            }
        }
    }
}
