package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Chunk;
import dev.wren.protocol.Progress;
import dev.wren.protocol.TimeInCall;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one chunk on one worker: a call that is too slow, or was cancelled, ends with its JVM, and calls after a slow
 * one are asked back. Whoever has noted a kill owns the JVM's end. Safe for use by several threads.
 */
final class Watch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Watch.class);
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private final Chunk chunk;
    private final WorkerProcess worker;
    private final LocalSettings settings;
    private final TimeInCall time;
    private final ScheduledExecutorService timer;
    private final Duration maxRuntime;
    /** Calls not accounted for. Guarded by this, like all that follows. */
    private int outstanding;
    private boolean recalled;
    private boolean over;
    private @Nullable Kill kill;
    private @Nullable ScheduledFuture<?> next;

    /** Why the worker was killed, and in which call. */
    record Kill(Reason reason, int call) {

        /** Whether the call that ran then is to blame. */
        boolean isTooSlow() {
            return switch (reason) {
                case TOO_SLOW, SILENT -> true;
                case CANCELLED, STOPPING -> false;
            };
        }
    }

    /** Why workers are killed. */
    enum Reason {
        TOO_SLOW,
        SILENT,
        CANCELLED,
        STOPPING
    }

    Watch(Chunk chunk, WorkerProcess worker, LocalSettings settings, Clock clock, ScheduledExecutorService timer) {
        this.chunk = chunk;
        this.worker = worker;
        this.settings = settings;
        this.time = new TimeInCall(clock, chunk.ticker()::read);
        this.timer = timer;
        this.maxRuntime = chunk.job().settings().jobMaxRuntime();
        this.outstanding = chunk.size();
    }

    /** Begins. */
    void start() {
        schedule(min(maxRuntime, settings.recallAfter()));
    }

    synchronized boolean isOutstanding() {
        return outstanding > 0;
    }

    synchronized void accounted(int calls) {
        outstanding -= calls;
    }

    /** The chunk is over for the worker: why somebody has killed it, or is about to; null if nobody is. */
    synchronized @Nullable Kill end() {
        over = true;
        return kill;
    }

    /** How long the worker has been, or had been, where it is. */
    Duration timeAt(Progress.Point point) {
        return time.at(point);
    }

    /** Kills the worker, unless the chunk is over, or somebody else does. */
    void kill(Reason reason, int call) {
        synchronized (this) {
            if (over || kill != null) {
                return;
            }
            kill = new Kill(reason, call);
        }
        worker.kill();
    }

    /** Stops calls of the chunk that are decided already. */
    void stopDecided() {
        int current = worker.progress().read().call();
        boolean killIt = false;
        boolean recallIt = false;
        for (int call : chunk.decided()) {
            killIt |= call == current;
            recallIt |= call != current;
        }
        if (killIt) {
            kill(Reason.CANCELLED, current);
        } else if (recallIt) {
            synchronized (this) {
                if (recalled || over) {
                    return;
                }
                recalled = true;
            }
            worker.recall();
        }
    }

    /** Whatever goes wrong, the worker is looked at again. */
    private void lookSafely() {
        try {
            look();
        } catch (RuntimeException e) {
            log.error("callset {}: {} could not be looked at", chunk.job().id(), worker.id(), e);
            schedule(settings.recallAfter());
        }
    }

    /** Looks at the call that runs: too slow, it is killed; slow, those after it are asked back. */
    private void look() {
        Progress.Point at = worker.progress().read();
        Duration running = time.at(at);
        boolean recall = false;
        Duration again = settings.recallAfter();
        if (at.call() >= 0) {
            if (running.compareTo(maxRuntime) >= 0) {
                kill(Reason.TOO_SLOW, at.call());
                return;
            }
            again = maxRuntime.minus(running);
            synchronized (this) {
                if (!recalled && outstanding > 1) {
                    recalled = running.compareTo(settings.recallAfter()) >= 0;
                    recall = recalled;
                    again = recalled ? again : min(again, settings.recallAfter().minus(running));
                }
            }
        } else if (at.call() == Progress.SETUP && running.compareTo(settings.setupTimeout()) >= 0) {
            kill(Reason.TOO_SLOW, at.call());
            return;
        }
        if (recall) {
            // In a thread of its own: a worker that does not read must not hold up those who watch the others.
            Thread.ofVirtual().name(worker.id() + "-recall").start(worker::recall);
        }
        schedule(again);
    }

    private synchronized void schedule(Duration delay) {
        if (!over) {
            long nanos = Math.max(delay.toNanos(), SHORTEST.toNanos());
            next = timer.schedule(this::lookSafely, nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public synchronized void close() {
        over = true;
        if (next != null) {
            next.cancel(false);
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
