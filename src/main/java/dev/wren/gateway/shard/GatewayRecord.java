package dev.wren.gateway.shard;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway says of itself in the store, again and again while it lives.
 *
 * @param id of the process
 * @param address where others reach it; null while it does not listen
 * @param since when it started
 * @param leaseMillis for how long it is to be believed to live without a further word
 * @param writes differs from one word to the next
 * @param shards that it holds
 * @param state what it is about
 */
record GatewayRecord(String id, @Nullable String address, Instant since, long leaseMillis, long writes,
        Set<Integer> shards, State state) {

    GatewayRecord {
        shards = Set.copyOf(shards);
    }

    /** What a gateway is about. */
    enum State {
        /** It drives what it holds, and takes more. */
        MEMBER,
        /** It drives what it holds, and is about to let go of it. */
        LEAVING,
        /** Others hold that it is dead: it may not go on. */
        BURIED
    }

    GatewayRecord buried() {
        return new GatewayRecord(id, null, since, leaseMillis, writes, Set.of(), State.BURIED);
    }

    @Override
    public String toString() {
        return "the gateway " + (address == null ? id : "at " + address) + ", started " + since;
    }
}
