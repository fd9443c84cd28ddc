package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.LiveView;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Driver one callset: which of its calls go next, what their reports decide, and what waits to be committed. All of it
 * happens under the callset's lock, save for what touches the store. Safe for use by several threads.
 */
final class Drive implements LiveView, Chunk.Sink {

    private static final Logger log = LoggerFactory.getLogger(Drive.class);

    private final Callset callset;
    private final CallTable table;
    private final Environment environment;
    private final int maxChunks;
    private final Pending pending;
    private final Set<Chunk> chunks = new HashSet<>();
    private final Map<Integer, Integer> losses = new HashMap<>();
    private final Staged staged;
    /** Calls whose data are being read, by the array that they were taken in. */
    private final Set<int[]> sending = Collections.newSetFromMap(new IdentityHashMap<>());
    private int errors;
    /** How often in a row something that calls need could not be had. */
    private int setbacks;
    private long meanNanos;
    private boolean stopped;

    /** What a drive needs of its surroundings. */
    interface Environment {

        DispatchSettings settings();

        Retries retries();

        ObjectStore store();

        Backlog backlog();

        Instant now();

        /** The drive has something to commit. */
        void commit(Drive drive);

        /** The drive may have work to give. */
        void offer(Drive drive);

        /** Runs {@code action} after a while. */
        void later(Duration delay, Runnable action);

        /** Something went wrong that was not foreseen, and is done again. */
        void rescued(String what);
    }

    /** What a lane has to know: whether {@link #take} would give something, and the chunks at the executor. */
    record Load(boolean hasWork, int inFlight) {
    }

    Drive(Callset callset, Environment environment) {
        this.callset = callset;
        this.environment = environment;
        this.staged = new Staged(environment.backlog());
        Integer concurrency = callset.settings().maxConcurrency();
        this.maxChunks = concurrency == null ? Integer.MAX_VALUE : concurrency;
        callset.driven().lock().lock();
        try {
            this.table = callset.driven().table();
            this.pending = new Pending(table);
            this.errors = table.count(CallState.ERROR);
        } finally {
            callset.driven().lock().unlock();
        }
    }

    private <T> T locked(Supplier<T> action) {
        callset.driven().lock().lock();
        try {
            return action.get();
        } finally {
            callset.driven().lock().unlock();
        }
    }

    Callset callset() {
        return callset;
    }

    Load load() {
        return locked(() -> new Load(hasWork(), chunks.size()));
    }

    private boolean hasWork() {
        return !stopped && !callset.driven().isHeld() && environment.backlog().hasRoom()
                && chunks.size() + sending.size() < maxChunks
                && sending.size() < callset.settings().invokePoolThreads()
                && !pending.isEmpty();
    }

    /**
     * The next calls, with their data; nothing if there are none that may go now. Whatever goes wrong with the data, the
     * calls are decided or sent again later.
     */
    Optional<Chunk> take(Executor executor) {
        int[] calls = locked(() -> next(executor));
        if (calls.length == 0) {
            return Optional.empty();
        }
        // Others may take the next ones while the data of these are read.
        environment.offer(this);
        try {
            return send(calls, read(calls));
        } catch (DamagedObjectException e) {
            log.error("callset {}: its data are damaged: {}", callset.id(), e.getMessage());
            unreadable(calls, "the stored data are damaged: " + e.getMessage());
        } catch (StoreException e) {
            log.warn("callset {}: its data cannot be read now: {}", callset.id(), e.getMessage());
            postpone(calls);
        } catch (RuntimeException | Error e) {
            log.error("callset {}: calls could not be sent and are tried again", callset.id(), e);
            environment.rescued("send");
            postpone(calls);
        }
        return Optional.empty();
    }

    private int[] next(Executor executor) {
        if (!hasWork()) {
            return new int[0];
        }
        Integer asked = callset.settings().chunkSize();
        int[] calls = pending.take(asked != null ? asked : executor.chunkSize(meanNanos, pending.size()));
        for (int call : calls) {
            table.invoke(call);
        }
        sending.add(calls);
        return calls;
    }

    /** Data of the first of {@code calls}, as many as fit. */
    private List<byte[]> read(int[] calls) {
        long left = environment.settings().chunkBytes().toBytes();
        List<byte[]> data = new ArrayList<>(calls.length);
        int i = 0;
        while (i < calls.length && (left > 0 || i == 0)) {
            int run = 1;
            while (i + run < calls.length && calls[i + run] == calls[i] + run) {
                run++;
            }
            List<byte[]> some = callset.data().read(calls[i], run, (int) left);
            data.addAll(some);
            for (byte[] datum : some) {
                left -= datum.length;
            }
            i += some.size();
            if (some.size() < run) {
                break;
            }
        }
        return data;
    }

    private Optional<Chunk> send(int[] calls, List<byte[]> data) {
        return locked(() -> {
            sending.remove(calls);
            for (int i = data.size(); i < calls.length; i++) {
                takeBack(calls[i]);
            }
            if (stopped) {
                return Optional.empty();
            }
            int[] sent = Arrays.copyOf(calls, data.size());
            Chunk chunk = new Chunk(callset, sent, Arrays.stream(sent).map(this::nextAttempt).toArray(), data,
                    environment.now().truncatedTo(ChronoUnit.MILLIS), this);
            chunks.add(chunk);
            if (Arrays.stream(sent).anyMatch(table::isDecided)) {
                chunk.stop();
            }
            return Optional.of(chunk);
        });
    }

    private int nextAttempt(int call) {
        return table.attempts(call) + 1;
    }

    private void unreadable(int[] calls, String why) {
        locked(() -> {
            sending.remove(calls);
            for (int call : calls) {
                if (!table.isDecided(call)) {
                    decide(new Report(call, nextAttempt(call),
                            new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, why)), null), environment.now());
                }
            }
            return true;
        });
        environment.commit(this);
    }

    private void postpone(int[] calls) {
        int times = locked(() -> {
            sending.remove(calls);
            return ++setbacks;
        });
        environment.later(environment.retries().backoff(times), () -> {
            locked(() -> {
                Arrays.stream(calls).forEach(this::takeBack);
                return true;
            });
            environment.offer(this);
        });
    }

    private void takeBack(int call) {
        if (!table.isDecided(call)) {
            pending.addFirst(call);
        }
    }

    /** Whether a call that the chunk tells of is still to be decided; the chunk has accounted for it then. */
    private boolean isOpen(Chunk chunk, int call) {
        return chunk.account(call) && !stopped && !table.isDecided(call);
    }

    @Override
    public void reported(Chunk chunk, Report report) {
        boolean news = locked(() -> {
            if (!isOpen(chunk, report.call())) {
                return false;
            }
            setbacks = 0;
            Report.Status status = report.status();
            if (status != null) {
                meanNanos = meanNanos == 0
                        ? Math.max(1, status.execNanos())
                        : meanNanos + (status.execNanos() - meanNanos) / 8;
            }
            if (report.outcome() instanceof Outcome.Failure(CallError error) && Retries.canHelp(error.code())
                    && report.attempt() < callset.settings().maxAttempts()) {
                staged.add(new Segment.Entry.Ended(report, chunk.invokedAt().toEpochMilli(), false));
                table.tryAgain(report.call(), report.attempt());
                againLater(report.call(), environment.retries().backoff(report.attempt()));
            } else {
                table.decideBegun(report.call(), sinceCreation(chunk));
                decide(report, chunk.invokedAt());
            }
            return true;
        });
        if (news) {
            environment.commit(this);
        }
    }

    @Override
    public void returned(Chunk chunk, int call) {
        boolean back = locked(() -> {
            if (!isOpen(chunk, call)) {
                return false;
            }
            takeBack(call);
            return true;
        });
        if (back) {
            environment.offer(this);
        }
    }

    @Override
    public void postponed(Chunk chunk, int[] calls) {
        postpone(locked(() -> Arrays.stream(calls).filter(call -> isOpen(chunk, call)).toArray()));
    }

    @Override
    public void lost(Chunk chunk, int call, String reason) {
        boolean decided = locked(() -> {
            if (!isOpen(chunk, call)) {
                return false;
            }
            int times = losses.merge(call, 1, Integer::sum);
            if (times > environment.settings().lostRetries()) {
                decide(new Report(call, nextAttempt(call), new Outcome.Failure(CallError.of(ErrorCode.LOST,
                        "never heard of again, " + times + " times: " + reason)), null), chunk.invokedAt());
                return true;
            }
            log.info("callset {} call {}: lost and sent again: {}", callset.id(), callset.callId(call), reason);
            againLater(call, environment.retries().backoff(times));
            return false;
        });
        if (decided) {
            environment.commit(this);
        }
    }

    @Override
    public void closed(Chunk chunk) {
        locked(() -> chunks.remove(chunk));
        environment.offer(this);
    }

    @Override
    public void storeValue(Chunk chunk, Report report, InputStream value) {
        put(ObjectKeys.value(callset.tenant(), callset.id(), callset.callId(report.call()), report.attempt()), value);
    }

    @Override
    public void storeLog(Chunk chunk, Report report, InputStream output) {
        put(ObjectKeys.log(callset.tenant(), callset.id(), callset.callId(report.call()), report.attempt()), output);
    }

    private void put(String key, InputStream bytes) {
        if (isStopped()) {
            return;
        }
        // An attempt that was lost may have left its value: no record names it, so it may go.
        environment.store().delete(List.of(key));
        try (ObjectStore.Upload upload = environment.store().upload(key)) {
            bytes.transferTo(upload.stream());
            upload.commit();
            if (callset.state().isDeleted()) {
                // Whoever has deleted it may have looked before this was there.
                environment.store().delete(List.of(key));
            }
        } catch (IOException e) {
            throw new StoreException("a value could not be stored", e);
        }
    }

    /** Cancels all calls that are not decided. */
    void cancel() {
        locked(() -> {
            cancelRest();
            return true;
        });
        afterCancel();
    }

    /** All calls that are not decided end in {@code error}. */
    void fail(CallError error) {
        locked(() -> {
            for (int call = 0; call < table.size(); call++) {
                if (!table.isDecided(call)) {
                    decide(new Report(call, table.attempts(call), new Outcome.Failure(error), null),
                            environment.now());
                }
            }
            return true;
        });
        environment.commit(this);
    }

    /** Cancels one call, if it is not decided. */
    void cancel(int call) {
        locked(() -> {
            cancel(call, call + 1);
            return true;
        });
        afterCancel();
    }

    private void afterCancel() {
        environment.commit(this);
        List<Chunk> affected = locked(() -> chunks.stream()
                .filter(chunk -> Arrays.stream(chunk.open()).anyMatch(table::isDecided))
                .toList());
        affected.forEach(Chunk::stop);
    }

    /** Gives up the callset: nothing more is sent or committed. */
    void abandon() {
        List<Chunk> affected = locked(() -> {
            stopped = true;
            staged.clear();
            for (int call = 0; call < table.size(); call++) {
                table.decide(call);
            }
            return List.copyOf(chunks);
        });
        affected.forEach(Chunk::stop);
    }

    private void cancelRest() {
        cancel(0, table.size());
    }

    /**
     * Cancels those of the calls {@code from} to {@code to}, exclusive, that are not decided. The attempt of a call that
     * a worker has begun is told of in the log; one that only waits at the executor has had none.
     */
    private void cancel(int from, int to) {
        for (Chunk chunk : chunks) {
            for (int call : chunk.running()) {
                if (call >= from && call < to && !table.isDecided(call)) {
                    table.decideBegun(call, sinceCreation(chunk));
                    staged.add(new Segment.Entry.Ended(
                            new Report(call, nextAttempt(call), new Outcome.Cancelled(), null),
                            chunk.invokedAt().toEpochMilli(), true));
                }
            }
        }
        List<Integer> runs = new ArrayList<>();
        int begin = -1;
        for (int call = from; call <= to; call++) {
            boolean free = call < to && !table.isDecided(call);
            if (free && begin < 0) {
                begin = call;
            } else if (!free && begin >= 0) {
                runs.add(begin);
                runs.add(call);
                begin = -1;
            }
            if (free) {
                table.decide(call);
            }
        }
        if (!runs.isEmpty()) {
            staged.add(new Segment.Entry.Cancelled(runs));
        }
    }

    private void decide(Report report, Instant invokedAt) {
        table.decide(report.call());
        losses.remove(report.call());
        staged.add(new Segment.Entry.Ended(report, invokedAt.toEpochMilli(), true));
        if (report.outcome() instanceof Outcome.Failure) {
            errors++;
            var tolerated = callset.settings().toleratedFailures();
            if (tolerated != null && tolerated.exceededBy(errors, callset.size())) {
                cancelRest();
                environment.later(Duration.ZERO, this::afterCancel);
            }
        }
    }

    private void againLater(int call, Duration delay) {
        environment.later(delay, () -> {
            locked(() -> {
                pending.addLast(call);
                return true;
            });
            environment.offer(this);
        });
    }

    /** Claims the right to write the next segment; false if somebody writes one, or there is nothing to write. */
    boolean beginFlush() {
        return locked(() -> !stopped && staged.beginFlush());
    }

    /**
     * What goes into the next segment: the same until it is {@link #written}. Only after {@link #beginFlush}; nothing if
     * the callset was given up.
     */
    Optional<Staged.Batch> nextBatch() {
        return locked(() -> stopped
                ? Optional.empty()
                : Optional.of(staged.take(callset.driven().nextSegment(), table,
                        environment.settings().segmentBytes().toBytes(),
                        environment.now().truncatedTo(ChronoUnit.MILLIS))));
    }

    /** The batch is durable; true if there is more to write, and the right to write it is kept. */
    boolean written() {
        return locked(() -> staged.written() && !stopped);
    }

    /** Whether the callset was given up. */
    boolean isStopped() {
        return locked(() -> stopped);
    }

    /** Whether nothing is left to do: no call is open, and no chunk is at the executor. */
    boolean isFinished() {
        return locked(() -> chunks.isEmpty() && table.ended() == table.size());
    }

    @Override
    public int[] calls() {
        return locked(() -> chunks.stream().flatMapToInt(chunk -> Arrays.stream(chunk.running())).toArray());
    }

    @Override
    public boolean isRunning(int call) {
        return locked(() -> {
            for (Chunk chunk : chunks) {
                if (chunk.isRunning(call)) {
                    return true;
                }
            }
            return false;
        });
    }

    @Override
    public @Nullable Instant invokedAt(int call) {
        return locked(() -> chunkOf(call).map(Chunk::invokedAt).or(() -> table.invokedAfter(call).stream()
                .mapToObj(after -> callset.createdAt().plusMillis(after)).findFirst())).orElse(null);
    }

    private long sinceCreation(Chunk chunk) {
        return Duration.between(callset.createdAt(), chunk.invokedAt()).toMillis();
    }

    @Override
    public Optional<InputStream> output(int call) {
        return locked(() -> chunkOf(call)).flatMap(chunk -> chunk.output(call));
    }

    private Optional<Chunk> chunkOf(int call) {
        return chunks.stream().filter(chunk -> chunk.isOpen(call)).findFirst();
    }
}
