package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.CallLog;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Drives;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Executors;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Drives all callsets of this gateway: one lane for each executor. Safe for use by several threads. */
@Component
final class Dispatcher implements Drives, Drive.Environment {

    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

    private final ObjectStore store;
    private final DispatchSettings settings;
    private final Clock clock;
    private final Retries retries;
    private final Outcomes outcomes;
    private final Map<String, Lane> lanes;
    private final ConcurrentMap<Callset, Drive> drives = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer;

    Dispatcher(ObjectStore store, CallLog callLog, Executors executors, DispatchSettings settings, Clock clock,
            MeterRegistry metrics) {
        this.store = store;
        this.settings = settings;
        this.clock = clock;
        this.retries = new Retries(settings.retryBase(), settings.retryCap(),
                new Random(new SecureRandom().nextLong()));
        this.outcomes = new Outcomes(callLog, retries, settings.commitThreads(), metrics, this::offer);
        this.lanes = executors.all().stream().collect(Collectors.toUnmodifiableMap(Executor::name, Lane::new));
        this.timer = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("retry-timer").factory());
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Lets the executors take work. */
    void start() {
        lanes.values().forEach(lane -> lane.executor().start(lane));
    }

    /** Stops the executors, then commits what they have reported. */
    void stop(Duration commitWait) throws InterruptedException {
        lanes.values().parallelStream().forEach(lane -> lane.executor().close());
        timer.shutdownNow();
        outcomes.drain(commitWait);
        outcomes.close();
    }

    @Override
    public void begin(Callset callset) {
        Drive drive = new Drive(callset, this);
        drives.put(callset, drive);
        callset.driven(drive);
        if (!lanes.containsKey(callset.executor())) {
            log.error("callset {}: there is no executor {} any more; it waits until there is", callset.id(),
                    callset.executor());
        }
        offer(drive);
    }

    @Override
    public void cancel(Callset callset) {
        with(callset, Drive::cancel);
    }

    @Override
    public void cancel(Callset callset, int call) {
        with(callset, drive -> drive.cancel(call));
    }

    @Override
    public void release(Callset callset) {
        callset.release();
        with(callset, this::offer);
    }

    @Override
    public void fail(Callset callset, CallError error) {
        with(callset, drive -> drive.fail(error));
    }

    @Override
    public void abandon(Callset callset) {
        with(callset, drive -> {
            drive.abandon();
            forget(drive);
        });
    }

    @Override
    public DispatchSettings settings() {
        return settings;
    }

    @Override
    public Retries retries() {
        return retries;
    }

    @Override
    public ObjectStore store() {
        return store;
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @Override
    public void commit(Drive drive) {
        outcomes.commit(drive);
    }

    @Override
    public void offer(Drive drive) {
        Lane lane = lanes.get(drive.callset().executor());
        if (lane == null) {
            return;
        }
        if (drives.containsKey(drive.callset()) && !drive.isFinished()) {
            lane.offer(drive);
        } else {
            forget(drive);
        }
    }

    @Override
    public void later(Duration delay, Runnable action) {
        try {
            var _ = timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("stopped: nothing is tried again");
        }
    }

    private void forget(Drive drive) {
        drives.remove(drive.callset(), drive);
        Lane lane = lanes.get(drive.callset().executor());
        if (lane != null) {
            lane.remove(drive);
        }
    }

    private void with(Callset callset, Consumer<Drive> action) {
        Drive drive = drives.get(callset);
        if (drive != null) {
            action.accept(drive);
        }
    }
}
