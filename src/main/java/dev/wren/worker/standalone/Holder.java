package dev.wren.worker.standalone;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.exception.SdkException;

/** Holds messages while they are worked on, so that they are given to nobody else. Safe for use by several threads. */
final class Holder implements AutoCloseable {

    private final WorkQueue queue;
    private final Set<String> handles = ConcurrentHashMap.newKeySet();
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
        var _ = timer.scheduleWithFixedDelay(this::hold, period, period, TimeUnit.MILLISECONDS);
    }

    void add(String handle) {
        handles.add(handle);
    }

    /** It is not held any more. Returns whether it was. */
    boolean remove(String handle) {
        return handles.remove(handle);
    }

    private void hold() {
        List<String> now = List.copyOf(handles);
        try {
            queue.hold(now);
        } catch (SdkException e) {
            // Twice more before anybody else gets them.
            System.err.println("wren: messages could not be held: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
