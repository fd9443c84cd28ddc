package dev.wren.gateway.jar;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.ObjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of jars, by their hashes, and who uses them: what was put or pinned since a sweep began is not removed by it.
 * Safe for use by several threads.
 */
final class JarContents {

    private final ObjectStore store;
    private final UnusedMarks marks;
    private final Clock clock;
    private final JarUses uses = new JarUses();

    JarContents(ObjectStore store, Clock clock) {
        this.store = store;
        this.marks = new UnusedMarks(store, clock);
        this.clock = clock;
    }

    /**
     * From now on it is not removed, here or by another gateway.
     *
     * @throws ProblemException {@code unavailable} if another gateway is just removing it
     */
    private String begin(String tenant, String hash) {
        String key = ObjectKeys.jarContent(tenant, hash);
        if (!uses.begin(key) && store.isShared()) {
            boolean safe = false;
            try {
                makeSafe(tenant, hash);
                uses.safe(key);
                safe = true;
            } finally {
                if (!safe) {
                    uses.forget(key);
                }
            }
        }
        return key;
    }

    private void makeSafe(String tenant, String hash) {
        if (marks.renew(tenant, hash)) {
            return;
        }
        if (has(tenant, hash)) {
            throw new ProblemException(ProblemType.UNAVAILABLE, "The jar's content sha256:" + hash
                    + " was not used for long, and is just being removed; send the request again.")
                    .retryAfter(Duration.ofSeconds(1));
        }
        // All but the mark is gone.
        marks.clear(tenant, hash);
    }

    /** Stores a file's bytes under their hash, and runs {@code use} before they can be removed. */
    <T> T keep(String tenant, String hash, Path file, Use<T> use) throws IOException {
        String key = begin(tenant, hash);
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
        // What it is known from, a name or what was kept just now, tells other gateways, too.
        boolean _ = uses.begin(ObjectKeys.jarContent(tenant, hash));
        return new PinnedJar(tenant, hash, size);
    }

    /** The same for one that may be there or not. */
    Optional<PinnedJar> pin(String tenant, String hash) {
        String key = begin(tenant, hash);
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

    /** Something refers to it. */
    void used(String tenant, String hash) {
        if (marks.find(tenant, hash).isPresent()) {
            marks.clear(tenant, hash);
        }
    }

    /** Nothing referred to it when the sweep began. Returns since when, if it is removed. */
    Optional<Instant> unused(String tenant, String hash, Duration kept) {
        Optional<UnusedMarks.Mark> found = marks.find(tenant, hash);
        if (found.isEmpty()) {
            marks.mark(tenant, hash);
            return Optional.empty();
        }
        UnusedMarks.Mark mark = found.get();
        if (!mark.removing() && clock.instant().isBefore(mark.since().plus(kept))) {
            return Optional.empty();
        }
        String key = ObjectKeys.jarContent(tenant, hash);
        boolean removed = uses.unlessTouched(key, () -> {
            boolean mine = marks.beginRemoval(tenant, hash, mark);
            if (mine) {
                store.delete(List.of(key));
                marks.clear(tenant, hash);
            }
            return mine;
        });
        return removed ? Optional.of(mark.since()) : Optional.empty();
    }
}
