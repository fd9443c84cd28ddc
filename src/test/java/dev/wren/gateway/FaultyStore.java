package dev.wren.gateway;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.support.GenericApplicationContext;

/** A store that stops answering when a test says so. */
final class FaultyStore implements BeanPostProcessor {

    private volatile boolean failing;

    void fail(boolean now) {
        failing = now;
    }

    /** Puts it before the store of a gateway. */
    void in(GenericApplicationContext context) {
        context.registerBean("faultyStore", FaultyStore.class, () -> this);
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof ObjectStore store ? new Wrapped(store) : bean;
    }

    private ObjectStore through(ObjectStore store) {
        if (failing) {
            throw new StoreException("the store is out of order", new IllegalStateException("by a test"));
        }
        return store;
    }

    private final class Wrapped implements ObjectStore {

        private final ObjectStore store;

        Wrapped(ObjectStore store) {
            this.store = store;
        }

        @Override
        public boolean putIfAbsent(String key, byte[] bytes) {
            return through(store).putIfAbsent(key, bytes);
        }

        @Override
        public Upload upload(String key) {
            return through(store).upload(key);
        }

        @Override
        public Optional<String> replace(String key, byte[] bytes, String etag) {
            return through(store).replace(key, bytes, etag);
        }

        @Override
        public Optional<StoredObject> get(String key) {
            return through(store).get(key);
        }

        @Override
        public Optional<byte[]> read(String key, long offset, int length) {
            return through(store).read(key, offset, length);
        }

        @Override
        public List<Entry> list(String prefix, String startAfter, int limit) {
            return through(store).list(prefix, startAfter, limit);
        }

        @Override
        public List<String> folders(String prefix, String startAfter, int limit) {
            return through(store).folders(prefix, startAfter, limit);
        }

        @Override
        public void delete(Collection<String> keys) {
            through(store).delete(keys);
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
