package dev.wren.gateway.callset;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.protocol.CallsetId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;

/**
 * Looks again at what could not be done for a callset, so that whatever was thrown, none is left that nobody drives. The
 * waits between two tries grow from 0.2 to 30 seconds, with jitter; it goes on until a try succeeds, the callset turns
 * out to be damaged, or the gateway ends. Safe for use by several threads.
 */
@Component
public final class Rescues implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Rescues.class);
    private static final int THREADS = 2;
    private static final Duration FIRST = Duration.ofMillis(200);
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final ScheduledExecutorService threads;
    private final MeterRegistry metrics;
    private final AtomicInteger pending = new AtomicInteger();

    @Autowired
    Rescues(MeterRegistry metrics) {
        this(new ScheduledThreadPoolExecutor(THREADS, Thread.ofPlatform().daemon().name("rescue-", 1).factory()),
                metrics);
    }

    /**
     * With threads of the caller's.
     *
     * @param threads are ended with this
     */
    public Rescues(ScheduledExecutorService threads, MeterRegistry metrics) {
        this.threads = threads;
        this.metrics = metrics;
        Gauge.builder("wren.rescues.pending", pending, AtomicInteger::get)
                .description("callsets for which something is to be done that could not be done yet")
                .register(metrics);
    }

    /** Something went wrong that was not foreseen, or has to be done later. */
    public void count(String what) {
        Counter.builder("wren.rescues").description("what went wrong for a callset and is done again")
                .tag("what", what)
                .register(metrics)
                .increment();
    }

    /**
     * Runs {@code action} after a while, and again until it throws nothing.
     *
     * @param what is to be done: one word, for the metric and the log
     */
    public void until(String what, CallsetId callset, Runnable action) {
        count(what);
        pending.incrementAndGet();
        ExponentialBackOff waits = new ExponentialBackOff(FIRST.toMillis(), 2);
        waits.setMaxInterval(LONGEST.toMillis());
        waits.setJitter(FIRST.toMillis() / 2);
        schedule(new Rescue(what, callset, action, waits.start()), 1);
    }

    private record Rescue(String what, CallsetId callset, Runnable action, BackOffExecution waits) {
    }

    private void schedule(Rescue rescue, int attempt) {
        try {
            var _ = threads.schedule(() -> run(rescue, attempt), rescue.waits.nextBackOff(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException _) {
            pending.decrementAndGet();
            log.debug("callset {}: closed; {} is done after the next start", rescue.callset, rescue.what);
        }
    }

    private void run(Rescue rescue, int attempt) {
        boolean again = false;
        try {
            rescue.action.run();
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is not driven: {}", rescue.callset, e.getMessage());
        } catch (RuntimeException | Error e) {
            again = true;
            // Few lines, however long it lasts.
            if (Integer.bitCount(attempt) == 1) {
                log.warn("callset {}: {} has failed {} times and is tried again: {}", rescue.callset, rescue.what,
                        attempt, e.toString());
            }
        }
        if (again) {
            schedule(rescue, attempt + 1);
        } else {
            pending.decrementAndGet();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
