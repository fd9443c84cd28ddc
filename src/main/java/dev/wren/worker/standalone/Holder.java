package dev.wren.worker.standalone;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Holds messages while they are worked on, so that they are given to nobody else, and deletes those that are over with,
 * several with a request. Safe for use by several threads.
 */
final class Holder implements AutoCloseable {

    private static final Duration END = Duration.ofSeconds(10);
    /** Wakes the deleter: an interrupt would end the request that is under way, and its messages be given out again. */
    private static final String CLOSED = "";

    private final WorkQueue queue;
    private final Set<String> handles = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> over = new LinkedBlockingQueue<>();
    private final Thread deleter = Thread.ofPlatform().daemon().name("wren-deleter").unstarted(this::delete);
    private volatile boolean closed;
    private final ScheduledExecutorService timer = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("wren-holder").factory());

    /**
     * Holds nothing yet.
     *
     * @param visibilitySeconds after which a message is given out that is not held
     */
    Holder(WorkQueue queue, int visibilitySeconds) {
        this.queue = queue;
        long period = Math.max(1, visibilitySeconds * 1000L / 3);
        deleter.start();
        var _ = timer.scheduleWithFixedDelay(this::hold, period, period, TimeUnit.MILLISECONDS);
    }

    void add(String handle) {
        handles.add(handle);
    }

    /** It is not held any more, and is given to somebody else when its time is over. */
    void letGo(String handle) {
        handles.remove(handle);
    }

    /** All that it has come to is reported: it is deleted soon, and held until then. */
    void done(String handle) {
        over.add(handle);
    }

    private void delete() {
        List<String> batch = new ArrayList<>();
        while (!closed || !over.isEmpty()) {
            try {
                batch.add(over.take());
                over.drainTo(batch, WorkQueue.MOST - 1);
                batch.removeIf(CLOSED::equals);
                if (!batch.isEmpty()) {
                    queue.delete(batch);
                }
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException e) {
                // Whoever gets them again reports what is known already.
                System.err.println("wren: messages could not be deleted: " + e.getMessage());
            } finally {
                handles.removeAll(batch);
                batch.clear();
            }
        }
    }

    private void hold() {
        List<String> now = List.copyOf(handles);
        try {
            queue.hold(now);
        } catch (RuntimeException e) {
            // Twice more before anybody else gets them.
            System.err.println("wren: messages could not be held: " + e.getMessage());
        }
    }

    /** Deletes what is over first. */
    @Override
    public void close() {
        timer.shutdownNow();
        closed = true;
        over.add(CLOSED);
        try {
            boolean _ = deleter.join(END);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
