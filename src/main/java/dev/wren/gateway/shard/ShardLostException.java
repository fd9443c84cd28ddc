package dev.wren.gateway.shard;

import java.io.Serial;

/** The shard became another gateway's in the middle of a request, which is to be sent again. */
public final class ShardLostException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    ShardLostException(int shard) {
        super("This gateway does not drive shard " + shard
                + " of the callsets any more, or cannot tell; send the request again.");
    }
}
