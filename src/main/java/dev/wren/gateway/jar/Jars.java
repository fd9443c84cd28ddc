package dev.wren.gateway.jar;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.ObjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Jars by name and by content. Safe for use by several threads. */
@Component
public final class Jars implements AutoCloseable {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");
    private static final Pattern CONTENT = Pattern.compile("sha256:([0-9a-f]{64})");
    private static final Pattern S3 = Pattern.compile("s3://([^/]+)/.+");

    private final ObjectStore store;
    private final JarSettings limits;
    private final JarCache cache;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();

    Jars(ObjectStore store, JarSettings limits, Clock clock) {
        this.store = store;
        this.limits = limits;
        this.clock = clock;
        this.cache = new JarCache(store, limits);
    }

    /** A jar that was put, and whether its name stands for other content than before. */
    record Put(JarInfo jar, boolean changed) {
    }

    /**
     * Stores a jar under a name.
     *
     * @throws ProblemException {@code invalid-request} for the name, {@code too-large}, {@code invalid-jar}
     */
    Put put(String tenant, String name, InputStream body) throws IOException {
        checkName(name);
        Path file = Files.createTempFile("wren-upload-", ".jar");
        try {
            MessageDigest digest = sha256();
            long size = receive(new DigestInputStream(body, digest), file);
            HostileJar.check(file, limits);
            String hash = HexFormat.of().formatHex(digest.digest());
            String content = ObjectKeys.jarContent(tenant, hash);
            if (store.read(content, 0, 1).isEmpty()) {
                try (ObjectStore.Upload upload = store.upload(content)) {
                    Files.copy(file, upload.stream());
                    upload.commit();
                }
            }
            return name(tenant, name, hash, size);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private long receive(InputStream body, Path file) throws IOException {
        long limit = limits.maxSize().toBytes();
        long size = 0;
        byte[] buffer = new byte[1 << 16];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int n; (n = body.read(buffer)) >= 0;) {
                size += n;
                if (size > limit) {
                    throw new ProblemException(ProblemType.TOO_LARGE, "A jar has at most " + limit + " bytes.")
                            .with("limit", limit);
                }
                out.write(buffer, 0, n);
            }
        }
        return size;
    }

    private Put name(String tenant, String name, String hash, long size) {
        String key = ObjectKeys.jar(tenant, name);
        while (true) {
            Optional<ObjectStore.StoredObject> there = store.get(key);
            String etag = null;
            if (there.isPresent()) {
                etag = there.get().etag();
                JarInfo old = read(key, there.get().bytes());
                if (old.sha256().equals(hash)) {
                    return new Put(old, false);
                }
            }
            JarInfo jar = new JarInfo(name, hash, size, clock.instant().truncatedTo(ChronoUnit.MILLIS));
            if (store.replace(key, json.writeValueAsBytes(jar), etag).isPresent()) {
                return new Put(jar, true);
            }
        }
    }

    /**
     * What a name stands for.
     *
     * @throws ProblemException {@code not-found}
     */
    JarInfo get(String tenant, String name) {
        return find(tenant, name).orElseThrow(() -> new ProblemException(ProblemType.NOT_FOUND,
                "There is no jar of this name."));
    }

    /** Jars in the order of their names, from behind {@code after}. */
    List<JarInfo> list(String tenant, @Nullable String after, int limit) {
        String from = after == null ? null : ObjectKeys.jar(tenant, after);
        return store.list(ObjectKeys.jars(tenant), from, limit)
                .stream()
                .flatMap(entry -> store.get(entry.key()).map(object -> read(entry.key(), object.bytes())).stream())
                .toList();
    }

    /**
     * Forgets a name. Its content stays while callsets refer to it.
     *
     * @throws ProblemException {@code not-found}
     */
    void delete(String tenant, String name) {
        get(tenant, name);
        store.delete(List.of(ObjectKeys.jar(tenant, name)));
    }

    /**
     * The content that a reference stands for now.
     *
     * @param reference a name, or {@code sha256:<hex>}
     * @throws ProblemException with the pointer {@code /function/jar}: {@code invalid-function} if there is none,
     * {@code bucket-not-allowed}, {@code invalid-request}
     */
    public PinnedJar pin(String tenant, String reference) {
        var s3 = S3.matcher(reference);
        if (s3.matches()) {
            throw ProblemException.atPointer(ProblemType.BUCKET_NOT_ALLOWED, "/function/jar",
                    "The bucket " + s3.group(1) + " is not allowed; no bucket is.");
        }
        var content = CONTENT.matcher(reference);
        if (content.matches()) {
            String hash = content.group(1);
            return store.get(ObjectKeys.jarContent(tenant, hash)).map(object -> {
                object.close();
                return new PinnedJar(tenant, hash, object.size());
            }).orElseThrow(() -> missing("There is no jar of this content."));
        }
        if (!NAME.matcher(reference).matches()) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "/function/jar",
                    "A jar's name, sha256: and 64 hexadecimal digits, or s3://bucket/key.");
        }
        JarInfo jar = find(tenant, reference)
                .orElseThrow(
                        () -> missing("There is no jar of the name " + reference + "; PUT /jars/{name} makes one."));
        return new PinnedJar(tenant, jar.sha256(), jar.size());
    }

    private static ProblemException missing(String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_FUNCTION, "/function/jar", detail);
    }

    /**
     * A jar as a file, to be closed by the caller.
     *
     * @throws DamagedObjectException if the stored bytes are not those that the hash is of
     * @throws StoreException if they cannot be had
     */
    public LocalJar localFile(PinnedJar jar) {
        return cache.open(jar);
    }

    /** Removes the jars' local files. */
    @Override
    public void close() {
        cache.close();
    }

    private Optional<JarInfo> find(String tenant, String name) {
        if (!NAME.matcher(name).matches()) {
            return Optional.empty();
        }
        String key = ObjectKeys.jar(tenant, name);
        return store.get(key).map(object -> read(key, object.bytes()));
    }

    private JarInfo read(String key, byte[] bytes) {
        try {
            return json.readValue(bytes, JarInfo.class);
        } catch (JacksonException e) {
            throw new DamagedObjectException(key, "the jar's entry cannot be read", e);
        }
    }

    private static void checkName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "name",
                    "1 to 128 letters, digits, '.', '_' and '-', not starting with '.'.");
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
