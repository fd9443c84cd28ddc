package dev.wren.gateway.jar;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.ObjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of jars, by their hashes, and who uses them: what was put or pinned since a sweep began is not removed by it.
 * Safe for use by several threads.
 */
final class JarContents {

    private final ObjectStore store;
    private final JarUses uses = new JarUses();

    JarContents(ObjectStore store) {
        this.store = store;
    }

    /** Stores a file's bytes under their hash, and runs {@code use} before they can be removed. */
    <T> T keep(String tenant, String hash, Path file, Use<T> use) throws IOException {
        String key = ObjectKeys.jarContent(tenant, hash);
        uses.begin(key);
        try {
            if (store.read(key, 0, 1).isEmpty()) {
                upload(key, file);
            }
            return use.run();
        } finally {
            uses.end(key);
        }
    }

    /** Makes use of a content. */
    @FunctionalInterface
    interface Use<T> {
        T run();
    }

    private void upload(String key, Path file) throws IOException {
        try (ObjectStore.Upload upload = store.upload(key)) {
            Files.copy(file, upload.stream());
            // If the key is taken by now, it is by the same bytes.
            boolean _ = upload.commit();
        }
    }

    /** A content that is known to be there is not removed before {@link #unpin}. */
    PinnedJar pin(String tenant, String hash, long size) {
        uses.begin(ObjectKeys.jarContent(tenant, hash));
        return new PinnedJar(tenant, hash, size);
    }

    /** The same for one that may be there or not. */
    Optional<PinnedJar> pin(String tenant, String hash) {
        String key = ObjectKeys.jarContent(tenant, hash);
        uses.begin(key);
        Optional<PinnedJar> pinned = Optional.empty();
        try {
            pinned = store.get(key).map(object -> {
                try (object) {
                    return new PinnedJar(tenant, hash, object.size());
                }
            });
            return pinned;
        } finally {
            if (pinned.isEmpty()) {
                uses.forget(key);
            }
        }
    }

    /** Whether the content is there now. */
    boolean has(String tenant, String hash) {
        return store.read(ObjectKeys.jarContent(tenant, hash), 0, 1).isPresent();
    }

    void unpin(PinnedJar jar) {
        uses.end(ObjectKeys.jarContent(jar.tenant(), jar.sha256()));
    }

    void beginSweep() {
        uses.beginSweep();
    }

    List<String> list(String tenant, @Nullable String after, int limit) {
        String prefix = ObjectKeys.jarContent(tenant, "");
        return store.list(prefix, after == null ? null : prefix + after, limit).stream()
                .map(entry -> entry.key().substring(prefix.length())).toList();
    }

    boolean remove(String tenant, String hash) {
        String key = ObjectKeys.jarContent(tenant, hash);
        return uses.unlessTouched(key, () -> store.delete(List.of(key)));
    }
}
