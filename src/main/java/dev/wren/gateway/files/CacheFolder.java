package dev.wren.gateway.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A private folder for what can be made again, and is kept for the next start. One process at a time uses it: the first
 * free one of those under the cache's folder. Several gateways of one user so never remove each other's files, and one
 * that starts again finds its own. Safe for use by several threads.
 *
 * @param path the folder; nobody else may read it
 * @param lock held until {@link #close()}, or the end of the process
 */
public record CacheFolder(Path path, FileLock lock) implements AutoCloseable {

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    private static final int MOST = 1000;

    /**
     * Takes a folder.
     *
     * @param purpose part of the name; letters and hyphens
     * @param configured the cache's folder; null: one among the system's temporary files
     * @throws UncheckedIOException if none can be had, or another user could write there
     */
    public static CacheFolder take(String purpose, @Nullable String configured) {
        Path all = configured != null
                ? Path.of(configured)
                : Path.of(System.getProperty("java.io.tmpdir"), "wren-" + purpose + "-cache-" + user());
        try {
            makePrivate(all);
            for (int n = 0; n < MOST; n++) {
                FileLock lock = lock(all.resolve(n + ".lock"));
                if (lock != null) {
                    Path folder = all.resolve(Integer.toString(n));
                    makePrivate(folder);
                    return new CacheFolder(folder, lock);
                }
            }
            throw new IOException("all " + MOST + " are in use");
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for " + purpose + " at " + all + ": " + e.getMessage(), e);
        }
    }

    /** Makes the folder again where somebody who cleans the system's temporary files has removed it. */
    public void restore() throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            makePrivate(Objects.requireNonNull(path.getParent()));
            makePrivate(path);
        }
    }

    /** Lets others read those files in it that are open to them and whose names they know; they cannot list it. */
    public void letThrough() {
        try {
            Files.setPosixFilePermissions(Objects.requireNonNull(path.getParent()), ProcessFolder.LET_THROUGH);
            Files.setPosixFilePermissions(path, ProcessFolder.LET_THROUGH);
        } catch (IOException e) {
            throw new UncheckedIOException(path + " cannot be opened", e);
        }
    }

    /** In a part of a file's name. */
    private static String user() {
        return System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
    }

    private static @Nullable FileLock lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // Taken by this process.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock;
    }

    /** Anybody can make a folder of any name among the system's temporary files: this one has to be ours. */
    private static void makePrivate(Path folder) throws IOException {
        Files.createDirectories(Objects.requireNonNull(folder.toAbsolutePath().getParent()));
        try {
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
        } catch (FileAlreadyExistsException _) {
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(folder + " is not a folder");
            }
            // Fails unless the folder is this user's.
            Files.setPosixFilePermissions(folder, PRIVATE);
        }
    }

    @Override
    public void close() {
        try {
            lock.channel().close();
        } catch (IOException e) {
            throw new UncheckedIOException("the lock of " + path + " cannot be let go of", e);
        }
    }
}
