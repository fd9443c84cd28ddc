package dev.wren.gateway;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.support.GenericApplicationContext;

/**
 * A store that fails when a test says so: before it has done anything, or after it has done all that was asked and only
 * its answer is lost, as it happens every day where a network is between.
 */
public final class FaultyStore implements BeanPostProcessor {

    /** What goes wrong with a request. */
    public enum Fault {
        NONE,
        BEFORE,
        AFTER,
        /** It throws what no store should. */
        BUG
    }

    /** Decides what goes wrong; asked by any thread. */
    @FunctionalInterface
    public interface Faults {

        /**
         * The fault of a request.
         *
         * @param operation the name of the store's method; {@code commit} of an upload
         * @param key or prefix; the first of several
         */
        Fault of(String operation, String key);
    }

    private volatile Faults faults = (_, _) -> Fault.NONE;

    /** Whether all requests fail. */
    void fail(boolean now) {
        faults((_, _) -> now ? Fault.BEFORE : Fault.NONE);
    }

    /** What is to go wrong from now on. */
    public void faults(Faults now) {
        faults = now;
    }

    /** Puts it before the store of a gateway. */
    void in(GenericApplicationContext context) {
        context.registerBean("faultyStore", FaultyStore.class, () -> this);
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof ObjectStore store ? wrap(store) : bean;
    }

    /** The store, with faults. */
    public ObjectStore wrap(ObjectStore store) {
        return new Wrapped(store);
    }

    private <T> T through(String operation, String key, Supplier<T> request) {
        Fault fault = faults.of(operation, key);
        if (fault == Fault.BEFORE) {
            throw failure(operation, key);
        }
        if (fault == Fault.BUG) {
            throw new AssertionError("by a test, at " + operation + " " + key);
        }
        T answer = request.get();
        if (fault == Fault.AFTER) {
            throw failure(operation, key);
        }
        return answer;
    }

    private static StoreException failure(String operation, String key) {
        return new StoreException("the store is out of order for " + operation + " " + key,
                new IllegalStateException("by a test"));
    }

    private final class Wrapped implements ObjectStore {

        private final ObjectStore store;

        Wrapped(ObjectStore store) {
            this.store = store;
        }

        @Override
        public boolean putIfAbsent(String key, byte[] bytes) {
            return through("putIfAbsent", key, () -> store.putIfAbsent(key, bytes));
        }

        @Override
        public Upload upload(String key) {
            Upload upload = through("upload", key, () -> store.upload(key));
            return new Upload() {
                @Override
                public OutputStream stream() {
                    return upload.stream();
                }

                @Override
                public boolean commit() {
                    return through("commit", key, upload::commit);
                }

                @Override
                public void close() {
                    upload.close();
                }
            };
        }

        @Override
        public Optional<String> replace(String key, byte[] bytes, String etag) {
            return through("replace", key, () -> store.replace(key, bytes, etag));
        }

        @Override
        public Optional<StoredObject> get(String key) {
            return through("get", key, () -> store.get(key));
        }

        @Override
        public Optional<byte[]> read(String key, long offset, int length) {
            return through("read", key, () -> store.read(key, offset, length));
        }

        @Override
        public List<Entry> list(String prefix, String startAfter, int limit) {
            return through("list", prefix, () -> store.list(prefix, startAfter, limit));
        }

        @Override
        public List<String> folders(String prefix, String startAfter, int limit) {
            return through("folders", prefix, () -> store.folders(prefix, startAfter, limit));
        }

        @Override
        public void delete(Collection<String> keys) {
            through("delete", keys.isEmpty() ? "" : keys.iterator().next(), () -> {
                store.delete(keys);
                return keys;
            });
        }

        @Override
        public boolean isShared() {
            return store.isShared();
        }

        @Override
        public void sweep() {
            through("sweep", "", () -> {
                store.sweep();
                return "";
            });
        }

        @Override
        public String description() {
            return store.description();
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
