package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.CallTable;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Segment;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives one callset: which of its calls go next, what their reports decide, and what waits to be committed. All of it
 * happens under the callset's lock, save for what touches the store. Safe for use by several threads.
 */
final class Drive implements Callset.Running, Chunk.Sink {

    private static final Logger log = LoggerFactory.getLogger(Drive.class);

    private final Callset callset;
    private final CallTable table;
    private final Environment environment;
    private final int maxChunks;
    private final Pending pending;
    private final Set<Chunk> chunks = new HashSet<>();
    private final Map<Integer, Integer> losses = new HashMap<>();
    private final Staged staged = new Staged();
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

        Instant now();

        /** The drive has something to commit. */
        void commit(Drive drive);

        /** The drive may have work to give. */
        void offer(Drive drive);

        /** Runs {@code action} after a while. */
        void later(Duration delay, Runnable action);
    }

    Drive(Callset callset, Environment environment) {
        this.callset = callset;
        this.environment = environment;
        Integer concurrency = callset.settings().maxConcurrency();
        this.maxChunks = concurrency == null ? Integer.MAX_VALUE : concurrency;
        callset.lock().lock();
        try {
            this.table = callset.table();
            this.pending = new Pending(table);
            this.errors = table.count(CallState.ERROR);
        } finally {
            callset.lock().unlock();
        }
    }

    Callset callset() {
        return callset;
    }

    /** Chunks at the executor. */
    int inFlight() {
        callset.lock().lock();
        try {
            return chunks.size();
        } finally {
            callset.lock().unlock();
        }
    }

    /** Whether {@link #take} would give something. */
    boolean hasWork() {
        callset.lock().lock();
        try {
            return !stopped && !callset.held() && chunks.size() < maxChunks
                    && sending.size() < callset.settings().invokePoolThreads()
                    && !pending.isEmpty();
        } finally {
            callset.lock().unlock();
        }
    }

    /** The next calls, with their data; nothing if there are none that may go now. */
    Optional<Chunk> take(Executor executor) {
        int[] calls;
        int[] attempts;
        callset.lock().lock();
        try {
            if (!hasWork()) {
                return Optional.empty();
            }
            Integer asked = callset.settings().chunkSize();
            calls = pending.take(asked != null ? asked : executor.chunkSize(meanNanos, pending.size()));
            attempts = new int[calls.length];
            for (int i = 0; i < calls.length; i++) {
                table.invoke(calls[i]);
                attempts[i] = table.attempts(calls[i]);
            }
            sending.add(calls);
        } finally {
            callset.lock().unlock();
        }
        return send(calls, attempts);
    }

    private Optional<Chunk> send(int[] calls, int[] attempts) {
        List<byte[]> data;
        try {
            data = read(calls);
        } catch (DamagedObjectException e) {
            log.error("callset {}: its data are damaged: {}", callset.id(), e.getMessage());
            unreadable(calls, attempts, "the stored data are damaged: " + e.getMessage());
            return Optional.empty();
        } catch (StoreException e) {
            log.warn("callset {}: its data cannot be read now: {}", callset.id(), e.getMessage());
            postpone(calls);
            return Optional.empty();
        }
        callset.lock().lock();
        try {
            sending.remove(calls);
            for (int i = data.size(); i < calls.length; i++) {
                takeBack(calls[i]);
            }
            if (stopped) {
                return Optional.empty();
            }
            Chunk chunk = new Chunk(callset, Arrays.copyOf(calls, data.size()), Arrays.copyOf(attempts, data.size()),
                    data, environment.now().truncatedTo(ChronoUnit.MILLIS), this);
            chunks.add(chunk);
            for (int i = 0; i < data.size(); i++) {
                if (table.isDecided(calls[i])) {
                    chunk.stop();
                }
            }
            return Optional.of(chunk);
        } finally {
            callset.lock().unlock();
        }
    }

    private void unreadable(int[] calls, int[] attempts, String why) {
        callset.lock().lock();
        try {
            sending.remove(calls);
            for (int i = 0; i < calls.length; i++) {
                if (!table.isDecided(calls[i])) {
                    decide(new Report(calls[i], attempts[i],
                            new Outcome.Failure(CallError.of(ErrorCode.RUNTIME, why)), null), environment.now());
                }
            }
        } finally {
            callset.lock().unlock();
        }
        environment.commit(this);
    }

    @Override
    public void postponed(Chunk chunk, int[] calls) {
        postpone(calls);
    }

    private void postpone(int[] calls) {
        int times;
        callset.lock().lock();
        try {
            sending.remove(calls);
            times = ++setbacks;
        } finally {
            callset.lock().unlock();
        }
        environment.later(environment.retries().backoff(times), () -> {
            callset.lock().lock();
            try {
                Arrays.stream(calls).forEach(this::takeBack);
            } finally {
                callset.lock().unlock();
            }
            environment.offer(this);
        });
    }

    private void takeBack(int call) {
        if (!table.isDecided(call)) {
            table.uninvoke(call);
            pending.addFirst(call);
        }
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

    @Override
    public void reported(Chunk chunk, Report report) {
        callset.lock().lock();
        try {
            if (stopped || table.isDecided(report.call())) {
                return;
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
                againLater(report.call(), environment.retries().backoff(report.attempt()));
            } else {
                decide(report, chunk.invokedAt());
            }
        } finally {
            callset.lock().unlock();
        }
        environment.commit(this);
    }

    @Override
    public void returned(Chunk chunk, int call) {
        callset.lock().lock();
        try {
            takeBack(call);
        } finally {
            callset.lock().unlock();
        }
        environment.offer(this);
    }

    @Override
    public void lost(Chunk chunk, int call, String reason) {
        boolean decided = false;
        callset.lock().lock();
        try {
            if (stopped || table.isDecided(call)) {
                return;
            }
            int losses = this.losses.merge(call, 1, Integer::sum);
            if (losses > environment.settings().lostRetries()) {
                decide(new Report(call, table.attempts(call), new Outcome.Failure(CallError.of(ErrorCode.LOST,
                        "never heard of again, " + losses + " times: " + reason)), null), chunk.invokedAt());
                decided = true;
            } else {
                log.info("callset {} call {}: lost and sent again: {}", callset.id(), callset.callId(call), reason);
                table.uninvoke(call);
                againLater(call, environment.retries().backoff(losses));
            }
        } finally {
            callset.lock().unlock();
        }
        if (decided) {
            environment.commit(this);
        }
    }

    @Override
    public void closed(Chunk chunk) {
        callset.lock().lock();
        try {
            chunks.remove(chunk);
        } finally {
            callset.lock().unlock();
        }
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
            if (callset.deleted()) {
                // Whoever has deleted it may have looked before this was there.
                environment.store().delete(List.of(key));
            }
        } catch (IOException e) {
            throw new StoreException("a value could not be stored", e);
        }
    }

    /** Cancels all calls that are not decided. */
    void cancel() {
        callset.lock().lock();
        try {
            cancelRest();
        } finally {
            callset.lock().unlock();
        }
        afterCancel();
    }

    /** All calls that are not decided end in {@code error}. */
    void fail(CallError error) {
        callset.lock().lock();
        try {
            for (int call = 0; call < table.size(); call++) {
                if (!table.isDecided(call)) {
                    decide(new Report(call, table.attempts(call), new Outcome.Failure(error), null),
                            environment.now());
                }
            }
        } finally {
            callset.lock().unlock();
        }
        environment.commit(this);
    }

    /** Cancels one call, if it is not decided. */
    void cancel(int call) {
        callset.lock().lock();
        try {
            cancel(call, call + 1);
        } finally {
            callset.lock().unlock();
        }
        afterCancel();
    }

    private void afterCancel() {
        environment.commit(this);
        List<Chunk> affected;
        callset.lock().lock();
        try {
            affected = chunks.stream()
                    .filter(chunk -> Arrays.stream(chunk.open()).anyMatch(table::isDecided))
                    .toList();
        } finally {
            callset.lock().unlock();
        }
        affected.forEach(Chunk::stop);
    }

    /** Gives up the callset: nothing more is sent or committed. */
    void abandon() {
        List<Chunk> affected;
        callset.lock().lock();
        try {
            stopped = true;
            staged.clear();
            for (int call = 0; call < table.size(); call++) {
                table.decide(call);
            }
            affected = List.copyOf(chunks);
        } finally {
            callset.lock().unlock();
        }
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
        BitSet waiting = new BitSet();
        sending.forEach(calls -> Arrays.stream(calls).forEach(waiting::set));
        for (Chunk chunk : chunks) {
            Arrays.stream(chunk.open()).forEach(waiting::set);
            for (int call : chunk.running()) {
                if (call >= from && call < to && !table.isDecided(call)) {
                    table.decide(call);
                    staged.add(new Segment.Entry.Ended(
                            new Report(call, table.attempts(call), new Outcome.Cancelled(), null),
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
                if (waiting.get(call)) {
                    table.uninvoke(call);
                }
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
            callset.lock().lock();
            try {
                pending.addLast(call);
            } finally {
                callset.lock().unlock();
            }
            environment.offer(this);
        });
    }

    /** Claims the right to write the next segment; false if somebody writes one, or there is nothing to write. */
    boolean beginFlush() {
        callset.lock().lock();
        try {
            return !stopped && staged.beginFlush();
        } finally {
            callset.lock().unlock();
        }
    }

    /** What goes into the next segment. Only after {@link #beginFlush()}. */
    Staged.Batch nextBatch() {
        callset.lock().lock();
        try {
            return staged.take(callset.nextSegment(), table, environment.settings().segmentBytes().toBytes(),
                    environment.now().truncatedTo(ChronoUnit.MILLIS));
        } finally {
            callset.lock().unlock();
        }
    }

    /** The flush is over; true if there is more to write, and the right to write it is kept. */
    boolean endFlush() {
        callset.lock().lock();
        try {
            return staged.continueFlush() && !stopped;
        } finally {
            callset.lock().unlock();
        }
    }

    /** Whether the callset was given up. */
    boolean isStopped() {
        callset.lock().lock();
        try {
            return stopped;
        } finally {
            callset.lock().unlock();
        }
    }

    /** Whether nothing is left to do: no call is open, and no chunk is at the executor. */
    boolean isFinished() {
        callset.lock().lock();
        try {
            return chunks.isEmpty() && table.ended() == table.size();
        } finally {
            callset.lock().unlock();
        }
    }

    @Override
    public int[] calls() {
        callset.lock().lock();
        try {
            return chunks.stream().flatMapToInt(chunk -> Arrays.stream(chunk.running())).toArray();
        } finally {
            callset.lock().unlock();
        }
    }

    @Override
    public @Nullable Instant invokedAt(int call) {
        return chunkOf(call).map(Chunk::invokedAt).orElse(null);
    }

    @Override
    public Optional<InputStream> output(int call) {
        return chunkOf(call).flatMap(chunk -> chunk.output(call));
    }

    private Optional<Chunk> chunkOf(int call) {
        callset.lock().lock();
        try {
            return chunks.stream().filter(chunk -> chunk.isOpen(call)).findFirst();
        } finally {
            callset.lock().unlock();
        }
    }
}
