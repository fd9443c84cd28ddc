package dev.wren.gateway.jar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.store.AtOnce;
import dev.wren.gateway.store.BucketException;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectChangedException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.S3Uri;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.UserBuckets;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Jars by name and by content. Safe for use by several threads. */
@Component
public final class Jars implements AutoCloseable {

    private static final String JAR = "/function/jar";
    private static final String JARS = "/function/jars";
    private static final Pattern CONTENT = Pattern.compile("sha256:([0-9a-f]{64})");
    /** Jars of buckets whose content is known. */
    private static final int KNOWN = 10_000;
    /** Contents that are looked for at once. */
    private static final int LOOKS = 32;

    private final JarSettings limits;
    private final JarCache cache;
    private final Quota uploads;
    private final Inspections inspections;
    private final JarNames names;
    private final JarContents contents;
    private final UserBuckets buckets;
    /** What a jar in a bucket is, by its tenant, place and ETag. */
    private final Cache<String, String> known = Caffeine.newBuilder().maximumSize(KNOWN).build();

    Jars(ObjectStore store, UserBuckets buckets, JarSettings limits, Inspections inspections, TenantShare share,
            Clock clock, MeterRegistry metrics) {
        this.buckets = buckets;
        this.limits = limits;
        this.names = new JarNames(store, clock);
        this.contents = new JarContents(store, clock);
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
     * @param jar what the name refers to now
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
            return store(tenant, body, null, received -> names.put(tenant, name, received.hash, received.size));
        }
    }

    /**
     * Stores a jar that no name refers to. The body is read to its end, or to the limit; it is not closed.
     *
     * @param hash what the body's is to be, lower-case hex
     * @return its bytes
     * @throws ProblemException {@code too-large}, {@code invalid-jar}, {@code invalid-request} if the hash is another
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many are received as may
     * @throws IOException if the body cannot be read
     */
    long putContent(String tenant, String hash, InputStream body) throws IOException {
        try (Quota.Grant upload = uploads.grant(tenant)) {
            upload.grow(1);
            return store(tenant, body, hash, received -> received.size);
        }
    }

    /** Those of the contents that are not there, in their order. Each takes a request to the store. */
    public List<String> missing(String tenant, SequencedCollection<String> hashes) {
        List<String> all = List.copyOf(hashes);
        Set<String> there = new HashSet<>();
        for (int i = 0; i < all.size(); i += LOOKS) {
            List<String> some = all.subList(i, Math.min(i + LOOKS, all.size()));
            List<Boolean> found = AtOnce.map(some, hash -> contents.has(tenant, hash));
            for (int k = 0; k < some.size(); k++) {
                if (found.get(k)) {
                    there.add(some.get(k));
                }
            }
        }
        return hashes.stream().filter(hash -> !there.contains(hash)).toList();
    }

    /** What was received. */
    private record Received(String hash, long size) {
    }

    /**
     * Stores a jar, and makes use of it before it can be removed.
     *
     * @param wanted its hash, where that is known before; else null
     */
    private <T> T store(String tenant, InputStream body, @Nullable String wanted, Function<Received, T> use)
            throws IOException {
        Path file = cache.newTemporary();
        try {
            MessageDigest digest = Sha256.digest();
            long size = receive(new DigestInputStream(body, digest), file);
            Received received = new Received(Sha256.hex(digest.digest()), size);
            if (wanted != null && !wanted.equals(received.hash)) {
                throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "sha256",
                        "The body's SHA-256 is " + received.hash + ".");
            }
            inspections.run(() -> HostileJar.check(file, limits));
            return contents.keep(tenant, received.hash, file, () -> use.apply(received));
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

    /**
     * What a name refers to.
     *
     * @throws ProblemException {@code not-found}
     * @throws DamagedObjectException if that cannot be read
     */
    JarInfo get(String tenant, String name) {
        return names.find(tenant, name).orElseThrow(Jars::notFound);
    }

    /**
     * Jars in the order of their names, as many as {@code limit} if there are; without those that are damaged.
     *
     * @param afterName only names after this one; null: from the start
     */
    List<JarInfo> list(String tenant, @Nullable String afterName, int limit) {
        return names.list(tenant, afterName, limit);
    }

    /**
     * Forgets a name, of a damaged entry too. Its content stays while callsets refer to it.
     *
     * @throws ProblemException {@code not-found}
     */
    void delete(String tenant, String name) {
        if (!names.delete(tenant, name)) {
            throw notFound();
        }
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemType.NOT_FOUND, "There is no jar of this name.");
    }

    /**
     * The contents that a class path's references point to now, in order. They are not removed before {@link #unpin}.
     *
     * @throws ProblemException like {@link #pin(String, String, String)}, and {@code too-large} when all together are, with the
     * pointer {@code /function/jars} if there are several
     */
    public List<PinnedJar> pin(String tenant, List<String> references) {
        if (references.size() > limits.maxClassPath()) {
            throw tooLarge("A function has at most " + limits.maxClassPath() + " jars.", limits.maxClassPath());
        }
        List<PinnedJar> pinned = new ArrayList<>(references.size());
        boolean all = false;
        try {
            long size = 0;
            for (String reference : references) {
                PinnedJar jar = pin(tenant, reference, references.size() == 1 ? JAR : JARS + "/" + pinned.size());
                pinned.add(jar);
                size += jar.size();
            }
            if (size > limits.maxClassPathSize().toBytes()) {
                throw tooLarge("The jars of a function have at most " + limits.maxClassPathSize().toBytes()
                        + " bytes together.", limits.maxClassPathSize().toBytes());
            }
            all = true;
            return pinned;
        } finally {
            if (!all) {
                unpin(pinned);
            }
        }
    }

    private static ProblemException tooLarge(String detail, long limit) {
        return ProblemException.atPointer(ProblemType.TOO_LARGE, JARS, detail).with("limit", limit);
    }

    /**
     * The content that a reference points to now. It is not removed before {@link #unpin}.
     *
     * @param reference a name, {@code sha256:<hex>}, or {@code s3://bucket/key}
     * @param pointer where it is in the request
     * @throws ProblemException with that pointer: {@code invalid-function} if there is none,
     * {@code bucket-not-allowed}, {@code invalid-request}, {@code too-large}
     */
    private PinnedJar pin(String tenant, String reference, String pointer) {
        Optional<S3Uri> uri = S3Uri.parse(reference);
        if (uri.isPresent()) {
            return pinOf(tenant, uri.get(), pointer);
        }
        var content = CONTENT.matcher(reference);
        if (content.matches()) {
            return contents.pin(tenant, content.group(1))
                    .orElseThrow(() -> missing(pointer, "There is no jar of this content."));
        }
        if (!JarNames.isName(reference)) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, pointer,
                    "A jar's name, sha256: and 64 hexadecimal digits, or s3://bucket/key.");
        }
        JarInfo jar = names.find(tenant, reference)
                .orElseThrow(
                        () -> missing(pointer,
                                "There is no jar of the name " + reference + "; PUT /jars/{name} makes one."));
        return contents.pin(tenant, jar.sha256(), jar.size());
    }

    /** The content that is in a bucket now; it is kept here, as if it had been put. */
    private PinnedJar pinOf(String tenant, S3Uri uri, String pointer) {
        try {
            String etag = buckets.etag(uri).orElseThrow(() -> missing(pointer, "There is no object " + uri + "."));
            String hash = known.getIfPresent(version(tenant, uri, etag));
            Optional<PinnedJar> there = hash == null ? Optional.empty() : contents.pin(tenant, hash);
            return there.isPresent() ? there.get() : fetch(tenant, uri, pointer);
        } catch (BucketException e) {
            throw ProblemException.atPointer(ProblemType.BUCKET_NOT_ALLOWED, pointer, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            if (e.getCause() instanceof ObjectChangedException changed) {
                throw ProblemException.atPointer(ProblemType.SOURCE_CHANGED, pointer,
                        changed.getMessage() + "; nothing was stored.");
            }
            throw new StoreException(uri + " could not be read: " + e.getMessage(), e);
        }
    }

    private static String version(String tenant, S3Uri uri, String etag) {
        return tenant + " " + uri + " " + etag;
    }

    private PinnedJar fetch(String tenant, S3Uri uri, String pointer) throws IOException {
        try (Quota.Grant upload = uploads.grant(tenant);
                ObjectStore.StoredObject object = buckets.open(uri)
                        .orElseThrow(() -> missing(pointer, "There is no object " + uri + "."))) {
            upload.grow(1);
            return store(tenant, object.body(), null, received -> {
                // By the ETag of what was read: it may be newer than the one that was looked at before.
                known.put(version(tenant, uri, object.etag()), received.hash);
                return contents.pin(tenant, received.hash, received.size);
            });
        } catch (ProblemException e) {
            throw e.type() == ProblemType.INVALID_JAR
                    ? missing(pointer, uri + " is no usable jar: " + e.getMessage())
                    : e;
        }
    }

    /** Lets go of what {@link #pin} gave: a callset refers to the jar now, or never will. */
    public void unpin(List<PinnedJar> jars) {
        jars.forEach(contents::unpin);
    }

    private static ProblemException missing(String pointer, String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_FUNCTION, pointer, detail);
    }

    /**
     * A class path as files, to be closed by the caller.
     *
     * @throws DamagedObjectException if the stored bytes are not those that the hash is of
     * @throws StoreException if they cannot be had
     */
    public LocalJars localFiles(List<PinnedJar> jars) {
        List<LocalJar> open = new ArrayList<>(jars.size());
        try {
            for (PinnedJar jar : jars) {
                open.add(localFile(jar));
            }
            return new LocalJars(open);
        } finally {
            if (open.size() < jars.size()) {
                open.forEach(LocalJar::close);
            }
        }
    }

    /**
     * A jar as a file, to be closed by the caller.
     *
     * @throws DamagedObjectException if the stored bytes are not those that the hash is of
     * @throws StoreException if they cannot be had
     */
    LocalJar localFile(PinnedJar jar) {
        return cache.open(jar);
    }

    /** A sweep of this gateway begins, whatever it looks at: contents that are put or pinned from now on are not removed by it. */
    public void beginSweep() {
        contents.beginSweep();
    }

    /** Hashes of contents, in order, after {@code after}; at most {@code limit}. */
    public List<String> contents(String tenant, @Nullable String after, int limit) {
        return contents.list(tenant, after, limit);
    }

    /** Hashes of the contents that names refer to. */
    public Set<String> named(String tenant) {
        return names.named(tenant);
    }

    /** Something refers to a content. */
    public void used(String tenant, String hash) {
        contents.used(tenant, hash);
    }

    /**
     * Nothing referred to a content when the sweep began: that is noted, and it is removed when it has been so for long enough,
     * unless it was put or pinned since, on any gateway.
     *
     * @param kept for how long it is kept; at least two times that between {@link #beginSweep}s
     * @return since when nothing referred to it, if it was removed
     */
    public Optional<Instant> unused(String tenant, String hash, Duration kept) {
        return contents.unused(tenant, hash, kept);
    }

    /** Lets go of the folder of files, which are kept for the next start. Jars that are open stay usable. */
    @Override
    public void close() {
        cache.close();
    }

    private static void checkName(String name) {
        if (!JarNames.isName(name)) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "name",
                    "1 to 128 letters, digits, '.', '_' and '-', not starting with '.'.");
        }
    }
}
