package dev.wren.gateway.store;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts and times the requests to a store: {@code wren.store.requests}. As safe as the store it wraps. */
final class MeteredObjectStore implements ObjectStore {

    private static final String OK = "success";
    private static final String CONFLICT = "conflict";
    private static final String ABSENT = "absent";

    private final ObjectStore store;
    private final MeterRegistry metrics;

    MeteredObjectStore(ObjectStore store, MeterRegistry metrics) {
        this.store = store;
        this.metrics = metrics;
    }

    private <T> T time(String operation, Supplier<T> request, Function<T, String> outcome) {
        Timer.Sample sample = Timer.start(metrics);
        String came = "error";
        try {
            T answer = request.get();
            came = outcome.apply(answer);
            return answer;
        } finally {
            sample.stop(Timer.builder("wren.store.requests")
                    .description("requests to the object store")
                    .tag("operation", operation)
                    .tag("outcome", came)
                    .register(metrics));
        }
    }

    @Override
    public boolean putIfAbsent(String key, byte[] bytes) {
        return time("put", () -> store.putIfAbsent(key, bytes), created -> created ? OK : CONFLICT);
    }

    @Override
    public Upload upload(String key) {
        Upload upload = store.upload(key);
        return new Upload() {
            @Override
            public OutputStream stream() {
                return upload.stream();
            }

            @Override
            public boolean commit() {
                return time("upload", upload::commit, created -> created ? OK : CONFLICT);
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }

    @Override
    public Optional<String> replace(String key, byte[] bytes, @Nullable String etag) {
        return time("replace", () -> store.replace(key, bytes, etag), tag -> tag.isPresent() ? OK : CONFLICT);
    }

    @Override
    public Optional<StoredObject> get(String key) {
        return time("get", () -> store.get(key), object -> object.isPresent() ? OK : ABSENT);
    }

    @Override
    public Optional<byte[]> read(String key, long offset, int length) {
        return time("read", () -> store.read(key, offset, length), bytes -> bytes.isPresent() ? OK : ABSENT);
    }

    @Override
    public List<Entry> list(String prefix, @Nullable String startAfter, int limit) {
        return time("list", () -> store.list(prefix, startAfter, limit), _ -> OK);
    }

    @Override
    public List<String> folders(String prefix, @Nullable String startAfter, int limit) {
        return time("list", () -> store.folders(prefix, startAfter, limit), _ -> OK);
    }

    @Override
    public void delete(Collection<String> keys) {
        time("delete", () -> {
            store.delete(keys);
            return keys;
        }, _ -> OK);
    }

    @Override
    public Optional<StoreLinks> links() {
        return store.links();
    }

    @Override
    public boolean isShared() {
        return store.isShared();
    }

    @Override
    public void sweep() {
        time("sweep", () -> {
            store.sweep();
            return OK;
        }, came -> came);
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
