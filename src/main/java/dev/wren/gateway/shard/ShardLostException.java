package dev.wren.gateway.shard;

import java.io.Serial;

/** The shard became another gateway's in the middle of a request, which is to be sent again. */
public final class ShardLostException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    ShardLostException(int shard) {
        super("Another gateway drives shard " + shard + " of the callsets from now on; send the request again.");
    }
}
