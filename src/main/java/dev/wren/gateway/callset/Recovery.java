package dev.wren.gateway.callset;

import dev.wren.gateway.shard.ShardLostException;
import dev.wren.gateway.shard.ShardObjects;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallsetId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** What is done with callsets of earlier starts. */
@Component
public final class Recovery {

    private static final Logger log = LoggerFactory.getLogger(Recovery.class);

    private final Callsets callsets;
    private final KnownCallsets known;
    private final RunningCallsets running;
    private final OpenCallsets open;
    private final Rescues rescues;
    private final Finishing finishing;
    private final IdempotencyKeys keys;

    Recovery(Callsets callsets, KnownCallsets known, RunningCallsets running, OpenCallsets open, Rescues rescues,
            Finishing finishing, IdempotencyKeys keys) {
        this.callsets = callsets;
        this.known = known;
        this.running = running;
        this.open = open;
        this.rescues = rescues;
        this.finishing = finishing;
        this.keys = keys;
    }

    /**
     * Goes on with every callset of some shards that is not done. Of submissions that were never accepted it deletes what is
     * left, unless whoever received them may still be at it: then that is left to retention. It looks at what was noted as
     * open, and at what is newer than the notes. Called before anything else is done with callsets of these shards, and after
     * {@link RunningCallsets#takeOver}.
     *
     * @param shards that were taken
     * @return how many are driven
     */
    public int recover(Map<Integer, ShardObjects.Taken> shards) {
        shards.forEach((shard, taken) -> open.begin(shard, taken.note()));
        List<Callset> found = new ArrayList<>();
        eachNew(shards, (tenant, id) -> look(tenant, id, shards, found));
        shards.values().forEach(
                taken -> taken.note().named().forEach(ref -> look(ref.tenant(), ref.id(), shards, found)));
        // All are known before any is driven: a reduce looks for the callset that it waits for.
        found.forEach(known::runs);
        return (int) found.stream().filter(this::resume).count();
    }

    /** Callsets of those shards that are newer than their notes. */
    private void eachNew(Map<Integer, ShardObjects.Taken> shards, BiConsumer<String, CallsetId> action) {
        long oldest = shards.values().stream().mapToLong(taken -> taken.note().watermark()).min()
                .orElse(Long.MAX_VALUE);
        for (String tenant : callsets.tenants()) {
            callsets.eachWhile(tenant, null, id -> {
                ShardObjects.Taken taken = shards.get(id.shard());
                if (taken != null && id.millis() >= taken.note().watermark()) {
                    action.accept(tenant, id);
                }
                return id.millis() >= oldest;
            });
        }
    }

    /**
     * Goes on with what was accepted by another gateway while this one took over, and is not known here. Called once, a
     * while after.
     *
     * @param shards that were taken then
     */
    public void recoverLate(Map<Integer, ShardObjects.Taken> shards) {
        eachNew(shards, (tenant, id) -> {
            if (!open.isOpen(id) && running.isHere(id)) {
                driveIfOpen(tenant, id);
            }
        });
    }

    /**
     * Goes on with a callset that is not done and that nobody here knows of: another gateway has accepted it when it did not
     * hold the store any more.
     *
     * @throws DamagedObjectException if its log is damaged
     */
    public void adopt(Callset callset) {
        if (running.isHere(callset.id()) && !open.isOpen(callset.id()) && !callset.isDone() && isAccepted(callset)) {
            log.warn("callset {} was not driven, and is from now on", callset.id());
            running.driveAgain(callset);
        }
    }

    /** It cannot be told now whether a callset that is there was accepted: it is found out later, and driven or removed then. */
    public void decideLater(String tenant, CallsetId id) {
        rescues.until("accept", id, () -> lookAgain(tenant, id));
    }

    private void driveIfOpen(String tenant, CallsetId id) {
        try {
            known.load(tenant, id).filter(callset -> !callset.isDone()).filter(this::isAccepted)
                    .ifPresent(running::driveAgain);
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is not driven: {}", id, e.getMessage());
        } catch (StoreException e) {
            log.warn("callset {} cannot be read now and is driven later: {}", id, e.toString());
            rescues.until("recover", id, () -> lookAgain(tenant, id));
        }
    }

    /** Until it is known to be done, it is open, whatever is thrown. */
    private void look(String tenant, CallsetId id, Map<Integer, ShardObjects.Taken> shards,
            List<Callset> unfinished) {
        open.opened(tenant, id);
        try {
            Optional<Callset> found = known.load(tenant, id);
            if (found.isEmpty()) {
                ShardObjects.Taken taken = shards.get(id.shard());
                if (taken != null && taken.released()) {
                    callsets.deleteObjects(tenant, id);
                }
                open.closed(id);
            } else if (found.get().isDone()) {
                settle(found.get());
            } else if (isAccepted(found.get())) {
                unfinished.add(found.get());
            } else {
                open.closed(id);
            }
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is not driven: {}", id, e.getMessage());
        } catch (RuntimeException e) {
            log.warn("callset {} cannot be read now and is driven later: {}", id, e.toString());
            rescues.until("recover", id, () -> lookAgain(tenant, id));
        }
    }

    /** One whose key another gateway has taken before it was accepted is removed. */
    private boolean isAccepted(Callset callset) {
        String key = callset.manifest().idempotencyKey();
        if (key == null || keys.claimLate(callset.tenant(), key, callset.id(), callset.createdAt())) {
            return true;
        }
        log.warn("callset {} was never accepted, since another has its Idempotency-Key, and is removed", callset.id());
        callsets.deleteObjects(callset.tenant(), callset.id());
        return false;
    }

    /** All its calls have ended; perhaps its results were not written. */
    private void settle(Callset callset) {
        if (finishing.isPending(callset)) {
            finishing.finish(callset, () -> open.closed(callset.id()));
        } else {
            open.closed(callset.id());
        }
    }

    private void lookAgain(String tenant, CallsetId id) {
        if (!running.isHere(id)) {
            // Whoever drives it now looks at it, too.
            return;
        }
        Optional<Callset> found = known.load(tenant, id);
        if (found.isEmpty()) {
            open.closed(id);
        } else if (found.get().isDone()) {
            settle(found.get());
        } else if (!known.isRunning(id)) {
            if (isAccepted(found.get())) {
                running.driveAgain(found.get());
            } else {
                open.closed(id);
            }
        }
    }

    /** Drives a callset; one whose log is damaged harms no other. */
    private boolean resume(Callset callset) {
        try {
            running.driveAgain(callset);
            return true;
        } catch (DamagedObjectException e) {
            log.error("callset {} is damaged and is not driven: {}", callset.id(), e.getMessage());
            return false;
        } catch (ShardLostException e) {
            log.info("callset {} is another gateway's again: {}", callset.id(), e.getMessage());
            return false;
        }
    }
}
