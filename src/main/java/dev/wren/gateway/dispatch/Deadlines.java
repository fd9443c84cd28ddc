package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Chunk;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When something must have been heard of the chunks of one lane. They are kept in the order of their times, with one timer
 * for the first of them. Safe for use by several threads.
 */
final class Deadlines {

    private static final Logger log = LoggerFactory.getLogger(Deadlines.class);
    /** The shortest time between two looks at one chunk. */
    private static final Duration SHORTEST = Duration.ofMillis(10);

    private final Ticker ticker;
    private final BiConsumer<Duration, Runnable> later;
    /** Guarded by this, like all that follows. */
    private final TreeSet<Watch> watches = new TreeSet<>();
    private final Map<Chunk, Watch> byChunk = new HashMap<>();
    private long numbers;
    private boolean isWaking;
    private long wakesAt;

    /**
     * @param later runs something after a while, in another thread
     */
    Deadlines(Ticker ticker, BiConsumer<Duration, Runnable> later) {
        this.ticker = ticker;
        this.later = later;
    }

    /** A chunk, to be looked at at a time of the ticker. What is heard of it moves only the chunk's own time. */
    private record Watch(long at, long number, Chunk chunk) implements Comparable<Watch> {

        @Override
        public int compareTo(Watch other) {
            // Times of a ticker are compared by their difference.
            int byTime = Long.signum(at - other.at);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    /** Watches a chunk; again, if its time is sooner than it was. */
    synchronized void add(Chunk chunk) {
        remove(chunk);
        add(chunk, chunk.dueNanos());
        wake();
    }

    private void add(Chunk chunk, long at) {
        Watch watch = new Watch(at, ++numbers, chunk);
        watches.add(watch);
        byChunk.put(chunk, watch);
    }

    synchronized void remove(Chunk chunk) {
        Watch watch = byChunk.remove(chunk);
        if (watch != null) {
            watches.remove(watch);
        }
    }

    /** Chunks that are watched. */
    synchronized int size() {
        return watches.size();
    }

    /** Sets the timer. An earlier one that is not needed any more finds nothing to do. */
    private void wake() {
        if (watches.isEmpty()) {
            return;
        }
        long first = watches.first().at;
        if (!isWaking || first - wakesAt < 0) {
            isWaking = true;
            wakesAt = first;
            later.accept(Duration.ofNanos(Math.max(0, first - ticker.read())), () -> look(first));
        }
    }

    private void look(long at) {
        for (Optional<Chunk> over = over(); over.isPresent(); over = over()) {
            Chunk chunk = over.get();
            try {
                chunk.overdue();
            } catch (RuntimeException | Error e) {
                log.error("callset {}: a chunk that is overdue could not be ended", chunk.job().id(), e);
            }
        }
        synchronized (this) {
            if (wakesAt == at) {
                isWaking = false;
            }
            wake();
        }
    }

    /** One whose time is over; it stays watched, and is looked at again later. */
    private synchronized Optional<Chunk> over() {
        long now = ticker.read();
        while (!watches.isEmpty() && watches.first().at - now <= 0) {
            Watch watch = watches.removeFirst();
            Chunk chunk = watch.chunk;
            long due = chunk.dueNanos();
            boolean isOver = due - now <= 0;
            add(chunk, isOver ? now + SHORTEST.toNanos() : due);
            if (isOver) {
                return Optional.of(chunk);
            }
        }
        return Optional.empty();
    }
}
