package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.ChunkContents;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.record.Data;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes chunks of the calls that wait: takes them, reads their data, numbers the sending. Safe for several threads. */
final class Sender {

    private static final Logger log = LoggerFactory.getLogger(Sender.class);

    private final Drive drive;
    private final DriveState state;
    private final Decisions decisions;

    Sender(Drive drive, DriveState state, Decisions decisions) {
        this.drive = drive;
        this.state = state;
        this.decisions = decisions;
    }

    /**
     * The next calls, with their data; nothing if there are none that may go now. Whatever goes wrong with the data, the
     * calls are decided or sent again later.
     */
    Optional<Chunk> take(Executor executor) {
        int[] calls = state.locked(() -> next(executor));
        if (calls.length == 0) {
            return Optional.empty();
        }
        // Others may take the next ones while the data of these are read.
        state.context.offer(drive);
        try {
            return send(executor, calls, contents(executor, calls));
        } catch (DamagedObjectException e) {
            log.error("callset {}: its data are damaged: {}", state.callset.id(), e.getMessage());
            unreadable(calls, "the stored data are damaged: " + e.getMessage());
        } catch (StoreException e) {
            log.warn("callset {}: its data cannot be read now: {}", state.callset.id(), e.getMessage());
            postpone(calls);
        } catch (RuntimeException | Error e) {
            log.error("callset {}: calls could not be sent and are tried again", state.callset.id(), e);
            state.context.rescued("send");
            postpone(calls);
        }
        return Optional.empty();
    }

    private int[] next(Executor executor) {
        if (!state.hasWork()) {
            return new int[0];
        }
        Integer asked = state.callset.settings().chunkSize();
        int[] calls = state.pending.take(asked != null
                ? asked
                : executor.chunkSize(state.meanNanos, state.pending.size()));
        for (int call : calls) {
            state.table.invoke(call);
        }
        state.sending.add(calls);
        return calls;
    }

    /** Data of the first of {@code calls}, as many as fit; where they are, if they are too large to be handed over. */
    private ChunkContents contents(Executor executor, int[] calls) {
        long most = state.context.settings().chunkBytes().toBytes();
        Optional<Executor.DataLimits> limits = executor.dataLimits();
        if (limits.isEmpty()) {
            // A large one goes alone, and part by part: as many as are under way would not fit into memory.
            return state.callset.data().large(calls[0], most)
                    .<ChunkContents>map(place -> new ChunkContents.Elsewhere(List.of(place)))
                    .orElseGet(() -> new ChunkContents.InHand(read(calls, most)));
        }
        long inHand = limits.get().inHand();
        return places(calls, inHand, limits.get().elsewhere()).<ChunkContents>map(ChunkContents.Elsewhere::new)
                .orElseGet(() -> new ChunkContents.InHand(read(calls, Math.min(most, inHand))));
    }

    /** Where the data are, if they are objects, and together more than {@code inHand} bytes. */
    private Optional<List<Data.Place>> places(int[] calls, long inHand, long most) {
        List<Data.Place> places = new ArrayList<>(calls.length);
        long size = 0;
        for (int i = 0; i < calls.length && (size < most || i == 0);) {
            int run = run(calls, i);
            Optional<List<Data.Place>> some = state.callset.data().places(calls[i], run);
            if (some.isEmpty()) {
                return Optional.empty();
            }
            for (Data.Place place : some.get()) {
                long more = Math.max(place.length(), 0);
                if (size + more > most && !places.isEmpty()) {
                    return Optional.of(places);
                }
                size += more;
                places.add(place);
            }
            i += run;
        }
        return state.callset.data().isEach() || size > inHand ? Optional.of(places) : Optional.empty();
    }

    /** Calls from {@code from} on that follow one another. */
    private static int run(int[] calls, int from) {
        int run = 1;
        while (from + run < calls.length && calls[from + run] == calls[from] + run) {
            run++;
        }
        return run;
    }

    /** Data of the first of {@code calls}, as many as fit. */
    private List<byte[]> read(int[] calls, long most) {
        long left = most;
        List<byte[]> data = new ArrayList<>(calls.length);
        int i = 0;
        while (i < calls.length && (left > 0 || i == 0)) {
            if (i > 0 && state.callset.data().large(calls[i], left).isPresent()) {
                break;
            }
            int run = run(calls, i);
            List<byte[]> some = state.callset.data().read(calls[i], run, (int) left);
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

    private Optional<Chunk> send(Executor executor, int[] calls, ChunkContents data) {
        return state.locked(() -> {
            state.sending.remove(calls);
            for (int i = data.size(); i < calls.length; i++) {
                state.takeBack(calls[i]);
            }
            if (state.stopped) {
                return Optional.empty();
            }
            int[] sent = Arrays.copyOf(calls, data.size());
            Instant now = state.context.now();
            Chunk.Sending sending = new Chunk.Sending(sent, Arrays.stream(sent).map(state::nextAttempt).toArray(),
                    state.nextSend(now), now.truncatedTo(ChronoUnit.MILLIS));
            Chunk chunk = new Chunk(state.job, sending, data,
                    executor.allowance(sent.length, state.callset.settings().jobMaxRuntime()),
                    state.context.ticker(), drive);
            state.chunks.add(chunk);
            state.context.watch(drive, chunk);
            if (Arrays.stream(sent).anyMatch(state.table::isDecided)) {
                chunk.stop();
            }
            return Optional.of(chunk);
        });
    }

    private void unreadable(int[] calls, String why) {
        state.locked(() -> {
            state.sending.remove(calls);
            for (int call : calls) {
                if (!state.table.isDecided(call)) {
                    decisions.fail(call, state.nextAttempt(call), CallError.of(ErrorCode.RUNTIME, why),
                            state.context.now());
                }
            }
        });
        state.context.commit(drive);
    }

    /** What the calls need cannot be had now: they wait a while, the longer the more often. */
    void postpone(int[] calls) {
        int times = state.locked(() -> {
            state.sending.remove(calls);
            return ++state.setbacks;
        });
        state.context.later(state.context.retries().backoff(times), () -> {
            state.locked(() -> Arrays.stream(calls).forEach(state::takeBack));
            state.context.offer(drive);
        });
    }

    /** The call is sent once more after a while. */
    void againLater(int call, Duration delay) {
        state.context.later(delay, () -> {
            state.locked(() -> state.pending.addLast(call));
            state.context.offer(drive);
        });
    }
}
