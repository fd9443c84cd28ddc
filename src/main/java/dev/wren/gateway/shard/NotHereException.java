package dev.wren.gateway.shard;

import java.io.Serial;
import java.util.OptionalInt;

/**
 * What is asked for is driven by another gateway, or by none at the moment. Nothing was done: the request can be passed on as
 * it is.
 */
public final class NotHereException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int ANY = -1;

    private final int shard;

    NotHereException(String why) {
        this(ANY, why);
    }

    /**
     * A shard is not driven here.
     *
     * @param why for the caller: a sentence
     */
    public NotHereException(int shard, String why) {
        super(why);
        this.shard = shard;
    }

    /** The shard whose gateway can answer; nothing if any can that drives something. */
    public OptionalInt shard() {
        return shard == ANY ? OptionalInt.empty() : OptionalInt.of(shard);
    }
}
