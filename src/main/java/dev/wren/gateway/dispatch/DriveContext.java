package dev.wren.gateway.dispatch;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What a drive needs of its surroundings. Safe for use by several threads. */
interface DriveContext {

    DispatchSettings settings();

    Retries retries();

    ObjectStore store();

    Backlog backlog();

    /** Whether this gateway may give work of the callset: it is sure that no other drives it. */
    boolean isActive(CallsetId callset);

    Instant now();

    Ticker ticker();

    /** The executor of the drive's callset, if it is still configured. */
    Optional<Executor> executor(Drive drive);

    /** Whether the callset's executor has its workers far away. */
    boolean isFar(Callset callset);

    /** The drive has something to commit. */
    void commit(Drive drive);

    /** The drive may have work to give. */
    void offer(Drive drive);

    /** The time of the chunk is watched from now on; again, if it is sooner than it was. */
    void watch(Drive drive, Chunk chunk);

    /** The chunk has ended. */
    void unwatch(Drive drive, Chunk chunk);

    /** Runs {@code action} after a while. */
    void later(Duration delay, Runnable action);

    /** Runs {@code action}, which may wait for the store, at once and in another thread. */
    void inBackground(Runnable action);

    /** Runs {@code action} in another thread, and again until it throws nothing. */
    void untilDone(String what, Callset callset, Runnable action);

    /** Something went wrong that was not foreseen, and is done again. */
    void rescued(String what);
}
