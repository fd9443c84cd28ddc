package dev.wren.gateway.store;

import dev.wren.protocol.ObjectKeys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a store says of itself, in an object that is written when it is made: which gateways can read what is in it. Whoever
 * changes what is stored so that an older gateway cannot read it raises {@link #CURRENT}, and raises the store's before it
 * writes anything of the kind; older gateways then refuse to start on it. What is added so that older ones pass it over needs no
 * other version.
 *
 * @param version the format
 */
record StoreFormat(int version) {

    /** What this gateway writes, and the newest that it reads. */
    static final int CURRENT = 1;

    private static final Logger log = LoggerFactory.getLogger(StoreFormat.class);
    /** A newer gateway may say more. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /**
     * Makes sure that a store can be read; one that says nothing is new, and is of this format from now on.
     *
     * @throws StoreFormatException if a newer gateway has written to it
     * @throws DamagedObjectException if it cannot be told
     * @throws StoreException if the store does not answer
     */
    static void check(ObjectStore store) {
        byte[] mine = JSON.writeValueAsBytes(new StoreFormat(CURRENT));
        byte[] there = store.get(ObjectKeys.FORMAT).map(ObjectStore.StoredObject::bytes).orElse(null);
        if (there == null) {
            if (store.putIfAbsent(ObjectKeys.FORMAT, mine)) {
                return;
            }
            // Another gateway was faster.
            there = store.get(ObjectKeys.FORMAT).map(ObjectStore.StoredObject::bytes).orElse(mine);
        }
        StoreFormat format = read(there);
        if (format.version > CURRENT) {
            throw new StoreFormatException(store.description(), format.version, CURRENT);
        }
        log.debug("the store {} is of format {}", store.description(), format.version);
    }

    private static StoreFormat read(byte[] bytes) {
        try {
            StoreFormat format = JSON.readValue(bytes, StoreFormat.class);
            if (format != null && format.version >= 1) {
                return format;
            }
        } catch (JacksonException e) {
            throw new DamagedObjectException(ObjectKeys.FORMAT, "it cannot be read", e);
        }
        throw new DamagedObjectException(ObjectKeys.FORMAT, "it names no format", null);
    }
}
