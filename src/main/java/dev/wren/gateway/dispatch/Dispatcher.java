package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Driver;
import dev.wren.gateway.callset.Rescues;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Executors;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.record.CallLog;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Report;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** Drives all callsets of this gateway: one lane for each executor. Safe for use by several threads. */
@Component
final class Dispatcher implements Driver, Reports, DriveContext, Outcomes.Then {

    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

    private final ObjectStore store;
    private final DispatchSettings settings;
    private final Clock clock;
    private final Rescues rescues;
    private final Retries retries;
    private final Outcomes outcomes;
    private final Map<String, Lane> lanes;
    private final Backlog backlog;
    private final ConcurrentMap<CallsetId, Drive> drives = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer;
    private final Ticker ticker;
    private final java.util.concurrent.Executor background;
    private volatile Predicate<CallsetId> active = _ -> true;
    private final Map<Receipt, Counter> receipts = new EnumMap<>(Receipt.class);

    @Autowired
    Dispatcher(ObjectStore store, CallLog callLog, Executors executors, DispatchSettings settings, Rescues rescues,
            Clock clock, Ticker ticker, MeterRegistry metrics) {
        this(store, callLog, executors.all(), settings, rescues, clock, metrics,
                new Threads(
                        java.util.concurrent.Executors.newFixedThreadPool(settings.threadsFor(store),
                                Thread.ofPlatform().name("commit-", 1).factory()),
                        timer(), command -> Thread.ofVirtual().name("drive-background").start(command),
                        new Random(new SecureRandom().nextLong()), ticker));
    }

    /**
     * The threads of a dispatcher.
     *
     * @param commits write segments; ended with the dispatcher
     * @param timer runs what is to be done later; ended with the dispatcher
     * @param background runs what may wait for the store, and nobody waits for
     * @param random the jitter of waits
     * @param ticker the time of deadlines
     */
    record Threads(ExecutorService commits, ScheduledExecutorService timer,
            java.util.concurrent.Executor background, Random random, Ticker ticker) {
    }

    Dispatcher(ObjectStore store, CallLog callLog, Collection<Executor> executors, DispatchSettings settings,
            Rescues rescues, Clock clock, MeterRegistry metrics, Threads threads) {
        this.store = store;
        this.settings = settings;
        this.rescues = rescues;
        this.clock = clock;
        this.retries = new Retries(settings.retryBase(), settings.retryCap(), threads.random);
        this.timer = threads.timer;
        this.ticker = threads.ticker;
        this.background = threads.background;
        this.backlog = new Backlog(settings.backlog().toBytes(), metrics, this::offerAll);
        this.outcomes = new Outcomes(callLog, retries, threads.commits, metrics, this);
        this.lanes = executors.stream()
                .collect(Collectors.toUnmodifiableMap(Executor::name,
                        executor -> new Lane(executor, this::offer, new Deadlines(ticker, this::later))));
        for (Receipt receipt : Receipt.values()) {
            receipts.put(receipt, Counter.builder("wren.reports")
                    .description("reports of workers that the gateway holds no connection to")
                    .tag("receipt", receipt.name().toLowerCase(Locale.ROOT))
                    .register(metrics));
        }
        Gauge.builder("wren.chunks.watched", lanes, all -> all.values().stream()
                .mapToInt(lane -> lane.deadlines().size()).sum())
                .description("chunks at executors whose time is watched")
                .register(metrics);
    }

    private static ScheduledExecutorService timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
                Thread.ofPlatform().daemon().name("retry-timer").factory());
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return timer;
    }

    /** What drives the callset at the moment, or null. */
    @Nullable
    Drive drive(Callset callset) {
        Drive drive = drives.get(callset.id());
        return drive != null && drive.callset() == callset ? drive : null;
    }

    /** Where an executor takes its work from. */
    Lane lane(String executor) {
        return Objects.requireNonNull(lanes.get(executor), executor);
    }

    /** Lets the executors take work. */
    void start() {
        lanes.values().forEach(lane -> lane.executor().start(lane, this));
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
        // Before any report can come: it is of a sending that is awaited.
        drive.awaitSent();
        drives.put(callset.id(), drive);
        callset.driven().drivenBy(drive.live());
        if (!lanes.containsKey(callset.executor())) {
            log.error("callset {}: there is no executor {} any more; it waits until there is", callset.id(),
                    callset.executor());
        }
        offer(drive);
    }

    @Override
    public void cancel(Callset callset) {
        with(callset, "cancel", Drive::cancel);
    }

    @Override
    public void cancel(Callset callset, int call) {
        with(callset, "cancel", drive -> drive.cancel(call));
    }

    @Override
    public void release(Callset callset) {
        callset.driven().release();
        with(callset, "release", this::offer);
    }

    @Override
    public void fail(Callset callset, CallError error) {
        with(callset, "fail", drive -> drive.fail(error));
    }

    @Override
    public void abandon(Callset callset) {
        Drive drive = drive(callset);
        if (drive != null) {
            drive.abandon();
            forget(drive);
        }
    }

    @Override
    public CompletableFuture<Receipt> accept(CallsetId callset, Report report) {
        return tell(callset, drive -> drive.accept(report));
    }

    @Override
    public CompletableFuture<Receipt> returned(CallsetId callset, long send, int[] calls, @Nullable String trouble) {
        return tell(callset, drive -> drive.returned(send, calls, trouble));
    }

    @Override
    public CompletableFuture<Receipt> died(CallsetId callset, long send, int[] calls, CallError error,
            @Nullable Integer exitCode) {
        return tell(callset, drive -> drive.died(send, calls, error, exitCode));
    }

    /** While this gateway is not sure of what it drives, it says nothing of what it does not. */
    private CompletableFuture<Receipt> tell(CallsetId callset, Function<Drive, CompletableFuture<Receipt>> what) {
        boolean sure = isActive(callset);
        Drive drive = drives.get(callset);
        CompletableFuture<Receipt> receipt = drive == null
                ? CompletableFuture.completedFuture(sure ? Receipt.NOT_DRIVEN : Receipt.LATER)
                : what.apply(drive);
        return receipt.whenComplete((came, failure) -> {
            if (failure == null) {
                Objects.requireNonNull(receipts.get(came)).increment();
            }
        });
    }

    @Override
    public Optional<Executor> executor(Drive drive) {
        return Optional.ofNullable(lanes.get(drive.callset().executor())).map(Lane::executor);
    }

    @Override
    public boolean isFar(Callset callset) {
        Lane lane = lanes.get(callset.executor());
        return lane != null && lane.executor().isFar();
    }

    @Override
    public void watch(Drive drive, Chunk chunk) {
        lane(drive.callset().executor()).deadlines().add(chunk);
    }

    @Override
    public void unwatch(Drive drive, Chunk chunk) {
        lane(drive.callset().executor()).deadlines().remove(chunk);
    }

    @Override
    public Ticker ticker() {
        return ticker;
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
    public Backlog backlog() {
        return backlog;
    }

    /** Work of callsets is given only while {@code now} holds; whoever lets it hold again calls {@link #offerAll}. */
    void driveWhile(Predicate<CallsetId> now) {
        active = now;
    }

    @Override
    public boolean isActive(CallsetId callset) {
        return active.test(callset);
    }

    /** Drives that gave no work, since there was no room for what it would come to, are asked again. */
    void offerAll() {
        later(Duration.ZERO, () -> drives.values().forEach(this::offer));
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
        if (lane != null && isDriven(drive)) {
            lane.offer(drive);
        }
        // Asked last: it may have ended in between, and would keep its place forever.
        if (!isDriven(drive)) {
            forget(drive);
        }
    }

    private boolean isDriven(Drive drive) {
        return drives.get(drive.callset().id()) == drive && !drive.isFinished();
    }

    @Override
    public void committed(Drive drive) {
        offer(drive);
    }

    /** Nobody knows any more how the drive is: it is begun again with what the store says, as after a restart. */
    @Override
    public void broken(Drive drive, @Nullable Throwable cause) {
        Callset callset = drive.callset();
        log.error("callset {}: it is read from the store again, and driven on from there", callset.id(), cause);
        drive.abandon();
        forget(drive);
        rescues.until("drive", callset.id(), () -> {
            if (!callset.driven().isOver() && drive(callset) == null) {
                callset.driven().forget();
                if (!callset.isDone()) {
                    begin(callset);
                }
            }
        });
    }

    @Override
    public void untilDone(String what, Callset callset, Runnable action) {
        rescues.until(what, callset.id(), action);
    }

    @Override
    public void rescued(String what) {
        rescues.count(what);
    }

    @Override
    public void later(Duration delay, Runnable action) {
        try {
            var _ = timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("stopped: nothing is tried again");
        }
    }

    @Override
    public void inBackground(Runnable action) {
        background.execute(action);
    }

    private void forget(Drive drive) {
        drives.remove(drive.callset().id(), drive);
        Lane lane = lanes.get(drive.callset().executor());
        if (lane != null) {
            lane.remove(drive);
        }
    }

    private void with(Callset callset, String what, Consumer<Drive> action) {
        Drive drive = drive(callset);
        if (drive != null) {
            action.accept(drive);
        } else if (!callset.driven().isOver() && !callset.isDone()) {
            // It is being begun again.
            rescues.until(what, callset.id(), () -> {
                Drive later = drive(callset);
                if (later != null) {
                    action.accept(later);
                } else if (!callset.driven().isOver() && !callset.isDone()) {
                    throw new IllegalStateException("nobody drives it yet");
                }
            });
        }
    }
}
