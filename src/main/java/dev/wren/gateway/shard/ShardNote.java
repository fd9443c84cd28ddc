package dev.wren.gateway.shard;

import dev.wren.protocol.CallsetId;
import java.util.List;

/**
 * What was known of a shard at one moment.
 *
 * @param watermark every callset with an id of an earlier time is done, or is named; 0: nothing is known
 * @param named callsets that were open, and are older
 */
public record ShardNote(long watermark, List<Ref> named) {

    /** Nothing is known: all callsets are looked at. */
    public static final ShardNote NONE = new ShardNote(0, List.of());

    public ShardNote {
        named = List.copyOf(named);
    }

    /** A callset of a tenant. */
    public record Ref(String tenant, CallsetId id) {
    }
}
