package dev.wren.gateway.store;

import java.io.IOException;
import java.util.Optional;

/**
 * Objects that belong to callers: read from, and written to, those buckets that the configuration allows. Every method
 * throws {@link BucketException} for others and where access is denied, and {@link StoreException} when S3 does not answer
 * as it should. Safe for use by several threads.
 */
public interface UserBuckets {

    /** Refuses a bucket that is not allowed, without asking S3. */
    void require(S3Uri uri);

    /** The ETag that an object has now; nothing if there is none. */
    Optional<String> etag(S3Uri uri);

    /**
     * An object, to be closed by the caller; nothing if there is none. Its body throws an {@link IOException} whose cause is
     * an {@link ObjectChangedException} when the object is replaced or deleted while it is read.
     */
    Optional<ObjectStore.StoredObject> open(S3Uri uri);

    /** Begins an object, which is created only if there is none of its key. */
    ObjectStore.Upload upload(S3Uri uri);

    /**
     * Hands on all objects below a prefix, in the order of their keys.
     *
     * @throws IOException if {@code each} does
     */
    void list(S3Uri prefix, Each each) throws IOException;

    /** Takes objects one by one. */
    @FunctionalInterface
    interface Each {

        /**
         * One more object.
         *
         * @param object its key
         * @param size its bytes
         * @param etag without quotes
         */
        void take(S3Uri object, long size, String etag) throws IOException;
    }
}
