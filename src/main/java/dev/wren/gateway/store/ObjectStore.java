package dev.wren.gateway.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Objects by key. What a method that writes has returned from is durable, and is seen by every later read.
 *
 * <p>
 * Keys are those of {@link dev.wren.protocol.ObjectKeys}: non-empty parts of letters, digits and {@code ._-=:}, none of
 * them {@code .} or {@code ..}, joined by {@code /}. Safe for use by several threads. Every method throws
 * {@link StoreException} when the store does not answer as it should.
 */
public interface ObjectStore extends AutoCloseable {

    /** Creates the object, whole or not at all; false if the key is taken. */
    boolean putIfAbsent(String key, byte[] bytes);

    /**
     * Creates the object, or finds just these bytes there: that is what a request has left whose answer was lost, and
     * asking again is how its caller learns what became of it.
     *
     * @return false if other bytes are there
     */
    default boolean putOrFind(String key, byte[] bytes) {
        return putIfAbsent(key, bytes) || get(key).filter(there -> holds(there, bytes)).isPresent();
    }

    private static boolean holds(StoredObject object, byte[] bytes) {
        if (object.size() != bytes.length) {
            object.close();
            return false;
        }
        return Arrays.equals(object.bytes(), bytes);
    }

    /** Begins an object whose size is not known. Nothing of it is seen before {@link Upload#commit()}. */
    Upload upload(String key);

    /**
     * Compare-and-set.
     *
     * @param etag the ETag that the object must have now, or null: there must be none
     * @return the new ETag, or nothing if the object was not as expected
     */
    Optional<String> replace(String key, byte[] bytes, @Nullable String etag);

    /** The whole object, to be closed by the caller; nothing if there is none. */
    Optional<StoredObject> get(String key);

    /**
     * Part of an object: {@code length} bytes from {@code offset}, fewer where the object ends before; nothing if there
     * is no such object.
     *
     * @param offset from 0; at or past the end gives no bytes
     */
    Optional<byte[]> read(String key, long offset, int length);

    /**
     * Keys of objects that start with {@code prefix} (which ends with {@code /}), in the order of their UTF-8 bytes.
     *
     * @param startAfter only keys after this one; null: from the start
     * @param limit at most so many, at least 1
     */
    List<Entry> list(String prefix, @Nullable String startAfter, int limit);

    /**
     * Names of the folders directly under {@code prefix} (which ends with {@code /}), in the order of the keys in them: as
     * if each name ended with a slash.
     *
     * @param startAfter only names after this one; null: from the start
     * @param limit at most so many, at least 1
     */
    List<String> folders(String prefix, @Nullable String startAfter, int limit);

    /** Deletes objects; those that are not there are passed over. */
    void delete(Collection<String> keys);

    /** Links for those who have no rights to the store; nothing where it can make none. */
    default Optional<StoreLinks> links() {
        return Optional.empty();
    }

    /** Whether other gateways may use it at the same time, so that a lease has to say which of them drives. */
    boolean isShared();

    /** Removes what writes have left that a crash has broken off, where something may be left. Called now and then. */
    default void sweep() {
        // Nothing is left.
    }

    /** Which store this is, for people: a path or an address, with no secret. */
    String description();

    @Override
    void close();

    /**
     * An object as listed.
     *
     * @param key its key
     * @param size its bytes
     */
    record Entry(String key, long size) {
    }

    /**
     * An object that is being read.
     *
     * @param size its bytes
     * @param etag its version, for {@link #replace}
     * @param body its bytes
     */
    record StoredObject(long size, String etag, InputStream body) implements AutoCloseable {

        /** Reads all, and closes. */
        public byte[] bytes() {
            try (body) {
                return body.readAllBytes();
            } catch (IOException e) {
                throw new StoreException("an object could not be read to its end", e);
            }
        }

        @Override
        public void close() {
            try {
                body.close();
            } catch (IOException e) {
                throw new StoreException("an object could not be closed", e);
            }
        }
    }

    /** An object that is being written by one thread. Closed without a commit it leaves nothing behind. */
    interface Upload extends AutoCloseable {

        /** Where its bytes go. Not buffered. Closing it does nothing. */
        OutputStream stream();

        /** Makes the object durable and visible; false if the key is taken. At most once. */
        boolean commit();

        @Override
        void close();
    }
}
