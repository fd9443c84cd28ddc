package dev.wren.gateway.jar;

import dev.wren.gateway.files.CacheFolder;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.protocol.jar.UnusableJarException;
import dev.wren.protocol.jvm.Folders;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jars as files for workers, named by their hash, which is checked when a file is made and when one of an earlier start
 * is first used. Those in use stay; of the others the least recently used go when there are too many bytes. Safe for use
 * by several threads.
 */
final class JarCache implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JarCache.class);
    private static final Pattern FILE = Pattern.compile("([0-9a-f]{64})\\.jar");

    private final ObjectStore store;
    private final CacheFolder folder;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    /** By hash, least recently used first. Guarded by the lock. */
    private final Map<String, Held> held = new LinkedHashMap<>(16, 0.75f, true);
    /** Of all files. Guarded by the lock. */
    private long bytes;

    private static final class Held {

        /** Held by the one who makes the file; the others wait for it. */
        final ReentrantLock making = new ReentrantLock();
        /** Whether the file is there, and is what its name says. Guarded by {@link #making}. */
        boolean ready;
        /** Whether the jar has others in it, which were unpacked. Guarded by {@link #making}. */
        boolean hasParts;
        /** Bytes of the file, and of its parts; 0 while there is none. Guarded by the cache's lock. */
        long size;
        /** Who uses the file, or waits for it. Guarded by the cache's lock. */
        int leases;
    }

    JarCache(ObjectStore store, JarSettings settings, MeterRegistry metrics) {
        this.store = store;
        this.maxBytes = settings.cacheSize().toBytes();
        this.folder = CacheFolder.take("jar", settings.cacheFolder());
        try {
            takeOver();
        } catch (IOException e) {
            folder.close();
            throw new StoreException("the folder for jars cannot be read: " + e.getMessage(), e);
        }
        Gauge.builder("wren.jars.cache.size", this, JarCache::bytes)
                .description("jars kept as files")
                .baseUnit("bytes")
                .register(metrics);
    }

    /** Files of an earlier start are kept, the oldest to go first; what it left half made is removed. */
    private void takeOver() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder.path())) {
            files = all.sorted(Comparator.comparingLong(file -> file.toFile().lastModified())).toList();
        }
        for (Path file : files) {
            var name = FILE.matcher(String.valueOf(file.getFileName()));
            if (name.matches()) {
                Held entry = new Held();
                entry.size = Files.size(file);
                bytes += entry.size;
                held.put(name.group(1), entry);
            } else {
                // Parts of jars too: they are made again, for nobody has looked after them.
                Folders.delete(file);
            }
        }
        evict();
    }

    /** An empty file that nobody else can read, to be deleted by the caller. */
    Path newTemporary() throws IOException {
        return Files.createTempFile(folder.path(), "part-", ".tmp");
    }

    /**
     * The jar's file, which stays until the answer is closed.
     *
     * @throws DamagedObjectException if the stored bytes are not those that the hash is of
     * @throws StoreException if they cannot be had
     */
    LocalJar open(PinnedJar jar) {
        String hash = jar.sha256();
        Held entry;
        lock.lock();
        try {
            entry = held.computeIfAbsent(hash, _ -> new Held());
            entry.leases++;
        } finally {
            lock.unlock();
        }
        AtomicBoolean open = new AtomicBoolean(true);
        LocalJar local = new LocalJar(file(hash), hash, () -> {
            if (open.compareAndSet(true, false)) {
                release(hash, entry);
            }
        });
        boolean made = false;
        try {
            prepare(entry, jar);
            made = true;
            return local;
        } finally {
            if (!made) {
                local.close();
            }
        }
    }

    private void prepare(Held entry, PinnedJar jar) {
        entry.making.lock();
        try {
            Path file = file(jar.sha256());
            // Whoever cleans the system's temporary files may have been here.
            if (entry.ready && Files.exists(file) && entry.hasParts == ClassPath.isUnpacked(file)) {
                return;
            }
            entry.ready = false;
            if (!isIntact(file, jar.sha256())) {
                setSize(entry, make(jar, file));
            }
            long parts = ClassPath.unpack(file);
            entry.hasParts = parts > 0;
            setSize(entry, Files.size(file) + parts);
            entry.ready = true;
        } catch (UnusableJarException e) {
            throw new DamagedObjectException(ObjectKeys.jarContent(jar.tenant(), jar.sha256()),
                    "it is no usable jar: " + e.why(), e);
        } catch (IOException e) {
            throw new StoreException("a jar cannot be made a file: " + e.getMessage(), e);
        } finally {
            entry.making.unlock();
        }
    }

    private static boolean isIntact(Path file, String sha256) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return copy(in, OutputStream.nullOutputStream()).equals(sha256);
        }
    }

    private long make(PinnedJar jar, Path file) throws IOException {
        String key = ObjectKeys.jarContent(jar.tenant(), jar.sha256());
        folder.restore();
        Path temporary = newTemporary();
        try (ObjectStore.StoredObject object = store.get(key)
                .orElseThrow(() -> new DamagedObjectException(key, "the jar is not there", null))) {
            String found;
            try (OutputStream out = Files.newOutputStream(temporary)) {
                found = copy(object.body(), out);
            }
            if (!found.equals(jar.sha256())) {
                throw new DamagedObjectException(key, "the jar is not what was uploaded: its SHA-256 is " + found,
                        null);
            }
            long size = Files.size(temporary);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            return size;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static String copy(InputStream from, OutputStream to) throws IOException {
        MessageDigest digest = Sha256.digest();
        new DigestInputStream(from, digest).transferTo(to);
        return HexFormat.of().formatHex(digest.digest());
    }

    private void setSize(Held entry, long size) {
        lock.lock();
        try {
            bytes += size - entry.size;
            entry.size = size;
            evict();
        } finally {
            lock.unlock();
        }
    }

    private void release(String hash, Held entry) {
        lock.lock();
        try {
            entry.leases--;
            if (entry.leases == 0 && entry.size == 0) {
                held.remove(hash);
            }
            evict();
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock, so that no file is removed that somebody is just making again. */
    private void evict() {
        for (Iterator<Map.Entry<String, Held>> each = held.entrySet().iterator(); each.hasNext()
                && bytes > maxBytes;) {
            Map.Entry<String, Held> candidate = each.next();
            if (candidate.getValue().leases == 0) {
                try {
                    Files.deleteIfExists(file(candidate.getKey()));
                    ClassPath.delete(file(candidate.getKey()));
                    each.remove();
                    bytes -= candidate.getValue().size;
                } catch (IOException e) {
                    log.warn("An old jar cannot be removed from the cache, which stays over its size", e);
                }
            }
        }
    }

    private double bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    private Path file(String hash) {
        return folder.path().resolve(hash + ".jar");
    }

    @Override
    public void close() {
        folder.close();
    }
}
