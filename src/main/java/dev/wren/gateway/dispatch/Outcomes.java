package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.store.StoreException;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Group commit: what was decided goes into the next segment of its callset's log. A flush starts at once when none is
 * under way, and takes all that came meanwhile. Safe for use by several threads.
 */
final class Outcomes implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Outcomes.class);

    private final CallLog callLog;
    private final Retries retries;
    private final MeterRegistry metrics;
    private final DistributionSummary batchSize;
    private final ExecutorService threads;
    private final Then then;
    /** Drives whose store did not answer, and how often. */
    private final Map<Drive, Integer> waiting = new ConcurrentHashMap<>();
    /** By the names of executors, of which there are few. */
    private final Map<String, CallMetrics> calls = new ConcurrentHashMap<>();
    private volatile boolean closing;

    /** What is to follow. */
    interface Then {

        /** All that the drive had staged is durable. */
        void committed(Drive drive);

        /** The drive cannot go on as it is: its state is to be read from the store again. */
        void broken(Drive drive, @Nullable Throwable cause);

        /** Runs {@code action} after a while. */
        void later(Duration delay, Runnable action);

        /** Runs {@code action} after a while, and again until it throws nothing. */
        void untilDone(String what, Callset callset, Runnable action);
    }

    /**
     * Commits by {@code threads}.
     *
     * @param threads are ended with this
     */
    Outcomes(CallLog callLog, Retries retries, ExecutorService threads, MeterRegistry metrics, Then then) {
        this.callLog = callLog;
        this.retries = retries;
        this.metrics = metrics;
        this.then = then;
        this.threads = threads;
        this.batchSize = DistributionSummary.builder("wren.commit.batch")
                .description("records in one segment of a log")
                .baseUnit("records")
                .publishPercentileHistogram()
                .register(metrics);
        Gauge.builder("wren.commit.waiting", waiting, Map::size)
                .description("callsets whose outcomes wait for a store that does not answer")
                .register(metrics);
    }

    /** What {@code drive} has staged gets committed soon. */
    void commit(Drive drive) {
        if (drive.beginFlush()) {
            execute(drive, 0);
        }
    }

    /** Once for each time that the drive was left waiting, whoever asks first. */
    private void again(Drive drive) {
        Integer failures = waiting.remove(drive);
        if (failures != null) {
            execute(drive, failures);
        }
    }

    private void execute(Drive drive, int failures) {
        try {
            threads.execute(() -> flush(drive, failures));
        } catch (RejectedExecutionException e) {
            // Closed: what was not committed is run again after the next start.
            log.debug("callset {}: closed before its last outcomes were committed", drive.callset().id());
        }
    }

    /** Holds the drive's right to write. Whatever is thrown, it is given on, kept for later, or ends with the drive. */
    private void flush(Drive drive, int before) {
        int failures = before;
        try {
            boolean more = true;
            while (more) {
                Optional<Staged.Batch> next = drive.nextBatch();
                if (next.isEmpty()) {
                    return;
                }
                Staged.Batch batch = next.get();
                switch (write(drive, batch, failures)) {
                    case OURS -> {
                        failures = 0;
                        drive.callset().driven().committed(batch.entries(), batch.offsets(), batch.head());
                        more = drive.written();
                        batchSize.record(batch.entries().size());
                        count(drive.callset(), batch.entries());
                    }
                    case ANOTHERS -> {
                        log.error("callset {}: segment {} of its log is not what was to be written there",
                                drive.callset().id(), batch.number());
                        then.broken(drive, null);
                        return;
                    }
                    case UNKNOWN, DELETED -> {
                        return;
                    }
                }
            }
            then.committed(drive);
        } catch (RuntimeException | Error e) {
            then.broken(drive, e);
        }
    }

    private enum Written {
        OURS,
        ANOTHERS,
        UNKNOWN,
        DELETED
    }

    /** Writes once; where it is not known what became of it, it is tried again later. */
    private Written write(Drive drive, Staged.Batch batch, int failures) {
        Callset callset = drive.callset();
        try {
            if (!callLog.append(callset.tenant(), callset.id(), batch.number(), batch.bytes())) {
                return drive.isStopped() ? Written.DELETED : Written.ANOTHERS;
            }
            if (callset.state().isDeleted()) {
                remove(callset, batch.number());
                return Written.DELETED;
            }
            return Written.OURS;
        } catch (StoreException e) {
            if (callset.state().isDeleted()) {
                remove(callset, batch.number());
            }
            if (closing || drive.isStopped()) {
                return Written.DELETED;
            }
            Duration wait = retries.backoff(failures + 1);
            log.warn("callset {}: segment {} is not written yet, tried again in {} ms: {}", callset.id(),
                    batch.number(), wait.toMillis(), e.getMessage());
            waiting.put(drive, failures + 1);
            then.later(wait, () -> again(drive));
            return Written.UNKNOWN;
        }
    }

    /** Whoever has deleted the callset may have looked before the segment was there. */
    private void remove(Callset callset, int segment) {
        try {
            callLog.remove(callset.tenant(), callset.id(), segment);
        } catch (StoreException e) {
            then.untilDone("delete", callset, () -> callLog.remove(callset.tenant(), callset.id(), segment));
        }
    }

    private void count(Callset callset, List<Segment.Entry> entries) {
        CallMetrics ofExecutor = calls.computeIfAbsent(callset.executor(), name -> new CallMetrics(metrics, name));
        entries.forEach(entry -> ofExecutor.count(callset.createdAt(), entry));
    }

    /** Lets what is under way be committed, for at most {@code wait}; what waits for the store is tried once more. */
    void drain(Duration wait) throws InterruptedException {
        closing = true;
        List.copyOf(waiting.keySet()).forEach(this::again);
        threads.shutdown();
        if (!threads.awaitTermination(wait.toNanos(), TimeUnit.NANOSECONDS)) {
            log.warn("some outcomes are not committed; their calls will be run again");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
