package dev.wren.gateway.jar;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Jars by name and by content. Safe for use by several threads. */
@Component
public final class Jars implements AutoCloseable {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");
    private static final Pattern CONTENT = Pattern.compile("sha256:([0-9a-f]{64})");
    private static final Pattern S3 = Pattern.compile("s3://([^/]{1,255})/.+");
    private static final int PAGE = 500;
    private static final Logger log = LoggerFactory.getLogger(Jars.class);

    private final ObjectStore store;
    private final JarSettings limits;
    private final JarCache cache;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();
    private final Quota uploads;
    private final Inspections inspections;
    private final JarUses touched = new JarUses();

    Jars(ObjectStore store, JarSettings limits, Inspections inspections, TenantShare share, Clock clock,
            MeterRegistry metrics) {
        this.store = store;
        this.limits = limits;
        this.clock = clock;
        this.inspections = inspections;
        this.uploads = new Quota("uploads", "jars are received at once", limits.maxUploads(), share, metrics);
        this.cache = new JarCache(store, limits, metrics);
        Gauge.builder("wren.jars.uploads", uploads, Quota::used)
                .description("jars that are being received")
                .register(metrics);
    }

    /**
     * A jar that was put.
     *
     * @param jar what the name stands for now
     * @param created whether that is other content than before
     */
    record PutResult(JarInfo jar, boolean created) {
    }

    /**
     * Stores a jar under a name. The body is read to its end, or to the limit; it is not closed.
     *
     * @throws ProblemException {@code invalid-request} for the name, {@code too-large}, {@code invalid-jar}
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many are received as may
     * @throws IOException if the body cannot be read
     */
    PutResult put(String tenant, String name, InputStream body) throws IOException {
        checkName(name);
        try (Quota.Grant upload = uploads.grant(tenant)) {
            upload.grow(1);
            Path file = cache.newTemporary();
            try {
                MessageDigest digest = Sha256.digest();
                long size = receive(new DigestInputStream(body, digest), file);
                inspections.run(() -> HostileJar.check(file, limits));
                String hash = Sha256.hex(digest.digest());
                String content = ObjectKeys.jarContent(tenant, hash);
                touched.begin(content);
                try {
                    keep(content, file);
                    return name(tenant, name, hash, size);
                } finally {
                    touched.end(content);
                }
            } finally {
                Files.deleteIfExists(file);
            }
        }
    }

    private void keep(String key, Path file) throws IOException {
        if (store.read(key, 0, 1).isPresent()) {
            return;
        }
        try (ObjectStore.Upload upload = store.upload(key)) {
            Files.copy(file, upload.stream());
            // If the key is taken by now, it is by the same bytes.
            boolean _ = upload.commit();
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

    private PutResult name(String tenant, String name, String hash, long size) {
        String key = ObjectKeys.jar(tenant, name);
        while (true) {
            Optional<ObjectStore.StoredObject> there = store.get(key);
            String etag = null;
            if (there.isPresent()) {
                etag = there.get().etag();
                Optional<JarInfo> old = readable(key, there.get().bytes());
                if (old.isPresent() && old.get().sha256().equals(hash)) {
                    return new PutResult(old.get(), false);
                }
            }
            JarInfo jar = new JarInfo(name, hash, size, clock.instant().truncatedTo(ChronoUnit.MILLIS));
            if (store.replace(key, json.writeValueAsBytes(jar), etag).isPresent()) {
                return new PutResult(jar, true);
            }
        }
    }

    /**
     * What a name stands for.
     *
     * @throws ProblemException {@code not-found}
     * @throws DamagedObjectException if that cannot be read
     */
    JarInfo get(String tenant, String name) {
        return find(tenant, name).orElseThrow(Jars::notFound);
    }

    /**
     * Jars in the order of their names, as many as {@code limit} if there are; without those that are damaged.
     *
     * @param afterName only names behind this one; null: from the start
     */
    List<JarInfo> list(String tenant, @Nullable String afterName, int limit) {
        List<JarInfo> jars = new ArrayList<>();
        String from = afterName == null ? null : ObjectKeys.jar(tenant, afterName);
        while (jars.size() < limit) {
            int wanted = limit - jars.size();
            List<ObjectStore.Entry> entries = store.list(ObjectKeys.jars(tenant), from, wanted);
            for (ObjectStore.Entry entry : entries) {
                from = entry.key();
                store.get(entry.key())
                        .flatMap(object -> readable(entry.key(), object.bytes()))
                        .ifPresent(jars::add);
            }
            if (entries.size() < wanted) {
                break;
            }
        }
        return jars;
    }

    /**
     * Forgets a name, of a damaged entry too. Its content stays while callsets refer to it.
     *
     * @throws ProblemException {@code not-found}
     */
    void delete(String tenant, String name) {
        if (!NAME.matcher(name).matches()) {
            throw notFound();
        }
        String key = ObjectKeys.jar(tenant, name);
        if (store.read(key, 0, 1).isEmpty()) {
            throw notFound();
        }
        store.delete(List.of(key));
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemType.NOT_FOUND, "There is no jar of this name.");
    }

    /**
     * The content that a reference stands for now. It is not removed before {@link #unpin}.
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
            return pinContent(tenant, content.group(1));
        }
        if (!NAME.matcher(reference).matches()) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "/function/jar",
                    "A jar's name, sha256: and 64 hexadecimal digits, or s3://bucket/key.");
        }
        JarInfo jar = find(tenant, reference)
                .orElseThrow(
                        () -> missing("There is no jar of the name " + reference + "; PUT /jars/{name} makes one."));
        touched.begin(ObjectKeys.jarContent(tenant, jar.sha256()));
        return new PinnedJar(tenant, jar.sha256(), jar.size());
    }

    private PinnedJar pinContent(String tenant, String hash) {
        String key = ObjectKeys.jarContent(tenant, hash);
        touched.begin(key);
        boolean there = false;
        try (ObjectStore.StoredObject object = store.get(key)
                .orElseThrow(() -> missing("There is no jar of this content."))) {
            there = true;
            return new PinnedJar(tenant, hash, object.size());
        } finally {
            if (!there) {
                touched.forget(key);
            }
        }
    }

    /** Lets go of what {@link #pin} gave: a callset refers to the jar now, or never will. */
    public void unpin(PinnedJar jar) {
        touched.end(ObjectKeys.jarContent(jar.tenant(), jar.sha256()));
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

    /** A sweep begins: contents that are put or pinned from now on are not removed by it. */
    public void beginSweep() {
        touched.beginSweep();
    }

    /** Hashes of contents, in order, behind {@code after}; at most {@code limit}. */
    public List<String> contents(String tenant, @Nullable String after, int limit) {
        String prefix = ObjectKeys.jarContent(tenant, "");
        return store.list(prefix, after == null ? null : prefix + after, limit).stream()
                .map(entry -> entry.key().substring(prefix.length())).toList();
    }

    /** Hashes of the contents that names stand for. */
    public Set<String> named(String tenant) {
        Set<String> hashes = new HashSet<>();
        String after = null;
        List<JarInfo> page;
        do {
            page = list(tenant, after, PAGE);
            for (JarInfo jar : page) {
                hashes.add(jar.sha256());
                after = jar.name();
            }
        } while (page.size() == PAGE);
        return hashes;
    }

    /**
     * Removes a content that nothing referred to when the sweep began; unless it was put or pinned since.
     *
     * @return whether it was removed
     */
    public boolean removeContent(String tenant, String hash) {
        String key = ObjectKeys.jarContent(tenant, hash);
        return touched.unlessTouched(key, () -> store.delete(List.of(key)));
    }

    /** Lets go of the folder of files, which are kept for the next start. Jars that are open stay usable. */
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
            @Nullable
            JarInfo jar = json.readValue(bytes, JarInfo.class);
            if (jar != null) {
                return jar;
            }
            throw new DamagedObjectException(key, "the jar's entry is null", null);
        } catch (JacksonException e) {
            throw new DamagedObjectException(key, "the jar's entry cannot be read", e);
        }
    }

    private Optional<JarInfo> readable(String key, byte[] bytes) {
        try {
            return Optional.of(read(key, bytes));
        } catch (DamagedObjectException e) {
            log.error("A jar's entry is damaged and is passed over; putting the jar again repairs it", e);
            return Optional.empty();
        }
    }

    private static void checkName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "name",
                    "1 to 128 letters, digits, '.', '_' and '-', not starting with '.'.");
        }
    }
}
