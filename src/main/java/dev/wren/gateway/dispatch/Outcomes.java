package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.CallLog;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Segment;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.Report;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
    private final Consumer<Drive> committed;
    private volatile boolean closing;

    Outcomes(CallLog callLog, Retries retries, int commitThreads, MeterRegistry metrics,
            Consumer<Drive> committed) {
        this.callLog = callLog;
        this.retries = retries;
        this.metrics = metrics;
        this.committed = committed;
        this.threads = Executors.newFixedThreadPool(commitThreads, Thread.ofPlatform().name("commit-", 1).factory());
        this.batchSize = DistributionSummary.builder("wren.commit.batch")
                .description("records in one segment of a log")
                .baseUnit("records")
                .publishPercentileHistogram()
                .register(metrics);
    }

    /** Sees to it that what {@code drive} has staged gets committed soon. */
    void commit(Drive drive) {
        if (drive.beginFlush()) {
            try {
                threads.execute(() -> flush(drive));
            } catch (RejectedExecutionException e) {
                // Closed: what was not committed is run again after the next start.
                log.debug("callset {}: closed before its last outcomes were committed", drive.callset().id());
            }
        }
    }

    private void flush(Drive drive) {
        try {
            do {
                Staged.Batch batch = drive.nextBatch();
                if (!write(drive, batch)) {
                    return;
                }
                drive.callset().committed(batch.entries(), batch.offsets(), batch.head());
                batchSize.record(batch.entries().size());
                batch.entries().forEach(entry -> count(drive.callset(), entry));
            } while (drive.endFlush());
            committed.accept(drive);
        } catch (RuntimeException e) {
            log.error("callset {}: a commit failed and the callset is not driven any more", drive.callset().id(), e);
        }
    }

    /** Writes until it is durable, or somebody else has decided, or the gateway ends. */
    private boolean write(Drive drive, Staged.Batch batch) {
        Callset callset = drive.callset();
        for (int attempt = 1;; attempt++) {
            try {
                if (callLog.append(callset.tenant(), callset.id(), batch.number(), batch.bytes())) {
                    if (callset.deleted()) {
                        // Whoever has deleted it may have looked before this was there.
                        callLog.remove(callset.tenant(), callset.id(), batch.number());
                        return false;
                    }
                    return true;
                }
                if (!drive.isStopped()) {
                    log.warn("callset {}: segment {} is written by another gateway, which drives it now",
                            callset.id(), batch.number());
                    drive.abandon();
                }
                return false;
            } catch (StoreException e) {
                if (closing || drive.isStopped()) {
                    return false;
                }
                Duration wait = retries.backoff(attempt);
                log.warn("callset {}: segment {} is not written yet, tried again in {} ms: {}", callset.id(),
                        batch.number(), wait.toMillis(), e.getMessage());
                try {
                    TimeUnit.NANOSECONDS.sleep(wait.toNanos());
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
        }
    }

    private void count(Callset callset, Segment.Entry entry) {
        switch (entry) {
            case Segment.Entry.Ended(Report report, long invokedMillis, boolean last) -> {
                if (last) {
                    counter(callset, report.outcome().state().label()).increment();
                }
                Report.Status status = report.status();
                if (status != null) {
                    timer("wren.call.queue", "from the callset's creation to the invocation", callset).record(
                            Duration.between(callset.createdAt(), Instant.ofEpochMilli(invokedMillis)));
                    timer("wren.call.run", "the function's own time", callset).record(status.execNanos(),
                            TimeUnit.NANOSECONDS);
                    if (status.setupNanos() > 0) {
                        timer("wren.call.setup", "preparing the function", callset).record(status.setupNanos(),
                                TimeUnit.NANOSECONDS);
                    }
                }
            }
            case Segment.Entry.Cancelled(List<Integer> runs) -> {
                for (int i = 0; i < runs.size(); i += 2) {
                    counter(callset, "cancelled").increment(runs.get(i + 1) - runs.get(i));
                }
            }
        }
    }

    private io.micrometer.core.instrument.Counter counter(Callset callset, String state) {
        return metrics.counter("wren.calls", "state", state, "executor", callset.executor());
    }

    private Timer timer(String name, String description, Callset callset) {
        return Timer.builder(name).description(description).tag("executor", callset.executor()).register(metrics);
    }

    /** Lets what is under way be committed, for at most {@code wait}. */
    void drain(Duration wait) throws InterruptedException {
        closing = true;
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
