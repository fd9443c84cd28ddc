package dev.wren.gateway.jar;

import dev.wren.gateway.files.ProcessFolder;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.ObjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Jars as files for workers, named by their hash, checked when they are made. Those in use stay; of the others the least
 * recently used go when there are too many bytes. Safe for use by several threads.
 */
final class JarCache implements AutoCloseable {

    private final ObjectStore store;
    private final @Nullable ProcessFolder own;
    private final Path folder;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    /** Least recently used first. Guarded by the lock. */
    private final Map<String, Held> held = new LinkedHashMap<>(16, 0.75f, true);

    private static final class Held {
        final ReentrantLock making = new ReentrantLock();
        long size = -1;
        int users;
    }

    JarCache(ObjectStore store, JarSettings settings) {
        this.store = store;
        this.maxBytes = settings.cacheSize().toBytes();
        String configured = settings.cacheFolder();
        if (configured == null) {
            this.own = ProcessFolder.make("jars");
            this.folder = own.path();
            return;
        }
        this.own = null;
        try {
            this.folder = Files.createDirectories(Path.of(configured));
        } catch (IOException e) {
            throw new StoreException("no folder for jars: " + e.getMessage(), e);
        }
    }

    /** The jar's file, which stays until the answer is closed. */
    LocalJar open(PinnedJar jar) {
        String name = jar.tenant() + "-" + jar.sha256();
        Path file = folder.resolve(name + ".jar");
        Held entry;
        lock.lock();
        try {
            entry = held.computeIfAbsent(name, _ -> new Held());
            entry.users++;
        } finally {
            lock.unlock();
        }
        // One makes the file, the others wait for it.
        entry.making.lock();
        try {
            if (entry.size < 0 || !Files.exists(file)) {
                entry.size = make(jar, file);
            }
        } catch (RuntimeException e) {
            release(name);
            throw e;
        } finally {
            entry.making.unlock();
        }
        return new LocalJar(file, jar.sha256(), () -> release(name));
    }

    private long make(PinnedJar jar, Path file) {
        String key = ObjectKeys.jarContent(jar.tenant(), jar.sha256());
        try (ObjectStore.StoredObject object = store.get(key)
                .orElseThrow(() -> new DamagedObjectException(key, "the jar is not there", null))) {
            Path temporary = Files.createTempFile(folder, "jar-", ".tmp");
            try {
                MessageDigest digest = Jars.sha256();
                try (InputStream in = new DigestInputStream(object.body(), digest)) {
                    Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
                }
                if (!HexFormat.of().formatHex(digest.digest()).equals(jar.sha256())) {
                    throw new DamagedObjectException(key, "the jar is not what was uploaded", null);
                }
                long size = Files.size(temporary);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
                return size;
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new StoreException("a jar cannot be made a file: " + e.getMessage(), e);
        }
    }

    private void release(String name) {
        List<Path> going = new ArrayList<>();
        lock.lock();
        try {
            Held entry = held.get(name);
            if (entry != null) {
                entry.users--;
            }
            long bytes = held.values().stream().mapToLong(each -> Math.max(0, each.size)).sum();
            for (Iterator<Map.Entry<String, Held>> each = held.entrySet().iterator(); each.hasNext()
                    && bytes > maxBytes;) {
                Map.Entry<String, Held> candidate = each.next();
                if (candidate.getValue().users == 0) {
                    each.remove();
                    bytes -= Math.max(0, candidate.getValue().size);
                    going.add(folder.resolve(candidate.getKey() + ".jar"));
                }
            }
            for (Path file : going) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new StoreException("an old jar cannot be removed: " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }

    /** Removes the files, where the folder was made for this process alone. */
    @Override
    public void close() {
        if (own != null) {
            own.close();
        }
    }
}
