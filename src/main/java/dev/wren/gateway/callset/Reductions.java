package dev.wren.gateway.callset;

import dev.wren.gateway.record.Counts;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.ObjectKeys;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Reduces that wait for their maps. When the last call of a map has ended, its values are stored as the array that the
 * reduce takes, and the reduce goes on. Nothing of it is in memory alone: after a restart it is begun again, and an array
 * that is stored already is taken as it is. Safe for use by several threads.
 */
@Component
final class Reductions implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Reductions.class);
    private static final int BUFFER = 1 << 18;
    /** Arrays written at once. */
    private static final int THREADS = 2;

    private final ObjectStore store;
    private final Driver driver;
    private final Rescues rescues;
    private final long maxBytes;
    private final ExecutorService threads;

    Reductions(ObjectStore store, Driver driver, Rescues rescues, CallsetSettings settings) {
        this.store = store;
        this.driver = driver;
        this.rescues = rescues;
        this.maxBytes = settings.maxReduceSize().toBytes();
        this.threads = Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().name("reduce-", 1).factory());
    }

    /** Why the array cannot be had. */
    private static final class NoArrayException extends Exception {

        private static final long serialVersionUID = 1;

        NoArrayException(String message) {
            super(message);
        }
    }

    /**
     * Lets a reduce go on when its map is done.
     *
     * @param reduce held, and driven
     * @param map nothing if it was deleted
     * @param reading keeps the map until the array is stored
     */
    void begin(Callset reduce, Optional<Callset> map, Optional<ReadLeases.Lease> reading) {
        String key = ObjectKeys.datum(reduce.tenant(), reduce.id(), reduce.callId(0));
        if (store.read(key, 0, 1).isPresent()) {
            reading.ifPresent(ReadLeases.Lease::close);
            driver.release(reduce);
        } else if (map.isEmpty() || reading.isEmpty()) {
            fail(reduce, "The callset " + reduce.reduceOf() + " was deleted.");
        } else {
            map.get().state().onEnd(() -> later(reduce, map.get(), key, reading.get()));
        }
    }

    private void later(Callset reduce, Callset map, String key, ReadLeases.Lease reading) {
        try {
            threads.execute(() -> prepare(reduce, map, key, reading));
        } catch (RejectedExecutionException _) {
            log.debug("callset {}: closed; it goes on after the next start", reduce.id());
        }
    }

    /** Where the store does not answer, the thread is left to others meanwhile. */
    private void prepare(Callset reduce, Callset map, String key, ReadLeases.Lease reading) {
        try {
            tryOnce(reduce, map, key, reading);
        } catch (RuntimeException | Error e) {
            log.warn("callset {}: the values of callset {} are not stored yet: {}", reduce.id(), map.id(),
                    e.toString());
            rescues.until("reduce", reduce.id(), () -> tryOnce(reduce, map, key, reading));
        }
    }

    /** Throws what may go better another time. */
    private void tryOnce(Callset reduce, Callset map, String key, ReadLeases.Lease reading) {
        try {
            write(reduce, map, key);
            driver.release(reduce);
        } catch (NoArrayException e) {
            fail(reduce, String.valueOf(e.getMessage()));
        } catch (DamagedObjectException e) {
            log.error("callset {}: a value of callset {} is damaged: {}", reduce.id(), map.id(), e.getMessage());
            fail(reduce, "A value of the callset " + map.id() + " is damaged.");
        } catch (ProblemException e) {
            fail(reduce, "The callset " + map.id() + " was deleted.");
        } catch (IOException e) {
            throw new StoreException("the values could not be stored", e);
        }
        reading.close();
    }

    private void write(Callset reduce, Callset map, String key) throws NoArrayException, IOException {
        if (reduce.driven().isOver() || map.driven().isHandedOver() || reduce.isDone()) {
            return;
        }
        require(map);
        try (ObjectStore.Upload upload = store.upload(key)) {
            OutputStream out = new BufferedOutputStream(upload.stream(), BUFFER);
            long size = 2;
            out.write('[');
            for (int index = 0; index < map.size(); index++) {
                if (index > 0) {
                    out.write(',');
                    size++;
                }
                try (InputStream value = map.value(Objects.requireNonNull(map.call(index).report()))) {
                    size += value.transferTo(out);
                }
                if (size > maxBytes) {
                    throw new NoArrayException("The values of the callset " + map.id() + " are more than " + maxBytes
                            + " bytes, which is the most that a reduce may take.");
                }
            }
            out.write(']');
            out.flush();
            // If it is there already, it has the same bytes: values never change.
            boolean _ = upload.commit();
            if (reduce.state().isDeleted()) {
                store.delete(List.of(key));
            }
        }
    }

    private static void require(Callset map) throws NoArrayException {
        if (map.state().isDeleted()) {
            throw new NoArrayException("The callset " + map.id() + " was deleted.");
        }
        Counts counts = map.state().counts();
        if (counts.success() < map.size()) {
            CallState first = map.state().next(CallState.ERROR, 0).isPresent() ? CallState.ERROR : CallState.CANCELLED;
            int call = map.state().next(first, 0).orElse(0);
            throw new NoArrayException("Not all calls of the callset " + map.id() + " have succeeded: "
                    + counts.error() + " ended in error and " + counts.cancelled() + " were cancelled; the first is "
                    + map.callId(call) + ".");
        }
    }

    private void fail(Callset reduce, String why) {
        driver.fail(reduce, CallError.of(ErrorCode.RUNTIME, why));
    }

    /** Lets go: what was not stored is begun again after the next start. */
    @Override
    public void close() {
        List<Runnable> dropped = threads.shutdownNow();
        log.debug("{} reduces wait for the next start", dropped.size());
    }
}
