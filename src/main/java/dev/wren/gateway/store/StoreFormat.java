package dev.wren.gateway.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a store says of itself, in an object that is written when it is made: which gateways can read what is in it, and how
 * its callsets are divided. Whoever changes what is stored so that an older gateway cannot read it raises {@link #CURRENT},
 * and raises the store's before it writes anything of the kind; older gateways then refuse to start on it. What is added so
 * that older ones pass it over needs no other version.
 *
 * <ul>
 * <li>1: one gateway at a time uses the store, and there is one shard. Still so where a store cannot be shared.</li>
 * <li>2: several gateways use it at once, and hold its shards.</li>
 * </ul>
 *
 * @param version the format
 * @param shards into how many its callsets are divided
 */
public record StoreFormat(int version, int shards) {

    /** The newest that this gateway reads and writes. */
    static final int CURRENT = 2;
    private static final int ALONE = 1;

    private static final Logger log = LoggerFactory.getLogger(StoreFormat.class);
    private static final int TRIES = 5;
    /** A newer gateway may say more. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private record Stored(int version, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer shards) {
    }

    /**
     * What a store is; one that says nothing is new, and says it from now on. One that may be shared by now, and was not when
     * it was made, has one shard, and says so before anything else is written.
     *
     * @param shards of a new store that can be shared
     * @throws StoreFormatException if a newer gateway has written to it
     * @throws DamagedObjectException if it cannot be told
     * @throws StoreException if the store does not answer
     */
    static StoreFormat of(ObjectStore store, int shards) {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            ObjectStore.StoredObject object = store.get(ObjectKeys.FORMAT).orElse(null);
            Stored there = object == null ? null : read(object.bytes());
            Stored wanted = wanted(store, there, shards);
            if (wanted.equals(there) || store.replace(ObjectKeys.FORMAT, JSON.writeValueAsBytes(wanted),
                    object == null ? null : object.etag()).isPresent()) {
                StoreFormat format = new StoreFormat(wanted.version, wanted.shards == null ? 1 : wanted.shards);
                log.debug("the store {} is of format {}", store.description(), format);
                return format;
            }
            // Another gateway was faster, or the answer was lost: it is read again.
        }
        throw new StoreException("the format of the store " + store.description() + " changes all the time", null);
    }

    private static Stored wanted(ObjectStore store, @Nullable Stored there, int shards) {
        if (there != null && there.version > CURRENT) {
            throw new StoreFormatException(store.description(), there.version, CURRENT);
        }
        if (!store.isShared()) {
            return there == null ? new Stored(ALONE, null) : there;
        }
        if (there == null) {
            return new Stored(CURRENT, shards);
        }
        return there.version == CURRENT ? there : new Stored(CURRENT, 1);
    }

    private static Stored read(byte[] bytes) {
        try {
            Stored format = JSON.readValue(bytes, Stored.class);
            if (format != null && format.version >= 1 && (format.version != CURRENT
                    || (format.shards != null && format.shards >= 1 && format.shards <= CallsetId.MAX_SHARDS))) {
                return format;
            }
        } catch (JacksonException e) {
            throw new DamagedObjectException(ObjectKeys.FORMAT, "it cannot be read", e);
        }
        throw new DamagedObjectException(ObjectKeys.FORMAT, "it names no format", null);
    }
}
