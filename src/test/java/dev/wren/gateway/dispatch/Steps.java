package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Threads and a clock that stand still until a test says what happens next: so an order of events can be drawn from a
 * seed, and drawn again. Used by one thread.
 */
final class Steps extends AbstractExecutorService implements ScheduledExecutorService {

    private final List<Task> tasks = new ArrayList<>();
    private final long[] nowMillis;
    private boolean ended;

    Steps() {
        nowMillis = new long[]{1_800_000_000_000L};
    }

    /** Others, by the same clock. */
    Steps(Steps other) {
        nowMillis = other.nowMillis;
    }

    private record Task(long due, Runnable action) {
    }

    /** The time that {@link #runOne} has come to. */
    Clock clock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return Instant.ofEpochMilli(nowMillis[0]);
            }
        };
    }

    void advance(long millis) {
        nowMillis[0] += millis;
    }

    /** The same time, as nanoseconds from anywhere. */
    Ticker ticker() {
        return () -> TimeUnit.MILLISECONDS.toNanos(nowMillis[0]);
    }

    /** Runs one of the tasks whose time has come, or goes on to the time of the next; false if there is none at all. */
    boolean runOne(Random random) {
        if (tasks.isEmpty()) {
            return false;
        }
        List<Task> due = tasks.stream().filter(task -> task.due <= nowMillis[0]).toList();
        if (due.isEmpty()) {
            nowMillis[0] = tasks.stream().mapToLong(Task::due).min().getAsLong();
            return true;
        }
        Task task = due.get(random.nextInt(due.size()));
        tasks.remove(task);
        task.action.run();
        return true;
    }

    @Override
    public void execute(Runnable action) {
        schedule(action, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable action, long delay, TimeUnit unit) {
        if (ended) {
            throw new RejectedExecutionException("ended");
        }
        tasks.add(new Task(nowMillis[0] + unit.toMillis(delay), action));
        return new Unused();
    }

    private static final class Unused extends CompletableFuture<Object>
            implements
                ScheduledFuture<Object> {
        @Override
        public long getDelay(TimeUnit unit) {
            return 0;
        }

        @Override
        public int compareTo(Delayed other) {
            return 0;
        }
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> action, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable action, long first, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable action, long first, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
        ended = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        ended = true;
        List<Runnable> left = tasks.stream().map(Task::action).toList();
        tasks.clear();
        return left;
    }

    @Override
    public boolean isShutdown() {
        return ended;
    }

    @Override
    public boolean isTerminated() {
        return ended;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        // What was to be run before the shutdown is run.
        while (!tasks.isEmpty()) {
            tasks.removeFirst().action.run();
        }
        return true;
    }
}
