package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.callset.RunningCallsets;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.shard.ShardNote;
import dev.wren.gateway.shard.ShardObjects.Taken;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/**
 * The shards that this gateway holds, each with how it was taken. One is driven once its callsets are known here; until then
 * what was noted before stays its note. Safe for use by several threads.
 */
@Component
final class Holdings {

    private final HeldShards driven;
    private final RunningCallsets callsets;
    private final OpenCallsets open;
    /** Guarded by this. */
    private final Map<Integer, Holding> held = new TreeMap<>();

    Holdings(HeldShards driven, RunningCallsets callsets, OpenCallsets open) {
        this.driven = driven;
        this.callsets = callsets;
        this.open = open;
    }

    /** One that is held; another one when it is taken again. */
    static final class Holding {
        private final Taken taken;
        private boolean begun;
        private boolean known;

        private Holding(Taken taken) {
            this.taken = taken;
        }
    }

    synchronized Set<Integer> all() {
        return Set.copyOf(held.keySet());
    }

    /** Those whose callsets are known. */
    synchronized Set<Integer> known() {
        Map<Integer, Holding> known = new HashMap<>(held);
        known.values().removeIf(holding -> !holding.known);
        return Set.copyOf(known.keySet());
    }

    synchronized void add(int shard, Taken taken) {
        held.put(shard, new Holding(taken));
    }

    /** Those that are new: what is open in them is to be found out by whoever asks. */
    synchronized Map<Integer, Holding> begin() {
        Map<Integer, Holding> added = new HashMap<>(held);
        added.values().removeIf(holding -> holding.begun);
        added.values().forEach(holding -> holding.begun = true);
        return added;
    }

    /** Those of them that are still held; nothing that was known of their callsets before counts. */
    synchronized Map<Integer, Taken> takeOver(Map<Integer, Holding> begun) {
        Map<Integer, Taken> still = new HashMap<>();
        begun.forEach((shard, holding) -> {
            if (held.get(shard) == holding) {
                callsets.takeOver(shard);
                still.put(shard, holding.taken);
            }
        });
        return still;
    }

    /** What is open in them is known: those that are still held are driven from now on. */
    synchronized void drive(Map<Integer, Holding> begun) {
        begun.forEach((shard, holding) -> {
            if (held.get(shard) == holding) {
                holding.known = true;
                driven.set(shard, true);
            }
        });
    }

    /** What is to be noted of one, if it is not what it was the last time. */
    Optional<ShardNote> news(int shard) {
        return known().contains(shard) ? open.news(shard) : Optional.empty();
    }

    /** What whoever takes it next has to know. */
    synchronized ShardNote last(int shard) {
        Holding holding = held.get(shard);
        return holding == null || holding.known ? open.note(shard) : holding.taken.note();
    }

    /** It is not held any more: all that is known of it here is let go of. */
    synchronized void letGo(int shard) {
        held.remove(shard);
        driven.set(shard, false);
        callsets.handOver(shard);
    }
}
