package dev.wren.gateway.store;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A store by another one, for tests that let something happen on the way. */
public class ForwardingStore implements ObjectStore {

    private final ObjectStore to;

    public ForwardingStore(ObjectStore to) {
        this.to = to;
    }

    /** Something is about to be asked. */
    protected void before() {
        // Nothing by itself.
    }

    @Override
    public boolean putIfAbsent(String key, byte[] bytes) {
        before();
        return to.putIfAbsent(key, bytes);
    }

    @Override
    public Upload upload(String key) {
        before();
        return to.upload(key);
    }

    @Override
    public Optional<String> replace(String key, byte[] bytes, @Nullable String etag) {
        before();
        return to.replace(key, bytes, etag);
    }

    @Override
    public Optional<StoredObject> get(String key) {
        before();
        return to.get(key);
    }

    @Override
    public Optional<byte[]> read(String key, long offset, int length) {
        before();
        return to.read(key, offset, length);
    }

    @Override
    public List<Entry> list(String prefix, @Nullable String startAfter, int limit) {
        before();
        return to.list(prefix, startAfter, limit);
    }

    @Override
    public List<String> folders(String prefix, @Nullable String startAfter, int limit) {
        before();
        return to.folders(prefix, startAfter, limit);
    }

    @Override
    public void delete(Collection<String> keys) {
        before();
        to.delete(keys);
    }

    @Override
    public boolean isShared() {
        return to.isShared();
    }

    @Override
    public String description() {
        return to.description();
    }

    @Override
    public void close() {
        to.close();
    }
}
