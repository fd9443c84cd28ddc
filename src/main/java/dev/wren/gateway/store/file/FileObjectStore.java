package dev.wren.gateway.store.file;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.StoreInUseException;
import dev.wren.gateway.store.StoreKeys;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Objects as files below a folder. A new object is written to a temporary file, forced to the disk, and linked to its
 * name; the folder is forced then. So a crash leaves the whole object or none, and the link fails where there is one
 * already. One gateway at a time: the folder is locked.
 *
 * <p>
 * A put costs two forced writes, of the file and of its folder; more where folders are new.
 */
public final class FileObjectStore implements ObjectStore {

    private static final String OWN = ".wren";
    private final Path root;
    private final Path temporary;
    private final FolderLock lock;
    private final FolderListings listings;
    private final DurableFiles files;
    private final AtomicLong numbers = new AtomicLong();
    /** Compare-and-set is rare: leases, and names of jars. */
    private final Object replacing = new Object();

    private FileObjectStore(Path root, Path temporary, FolderLock lock, DataSize names) {
        this.root = root;
        this.temporary = temporary;
        this.lock = lock;
        this.listings = new FolderListings(OWN, names.toBytes());
        this.files = new DurableFiles(root, listings);
    }

    /**
     * Opens the store in {@code folder}, which is made if it is not there.
     *
     * @param names memory that names of folders may take
     * @throws StoreInUseException if another gateway uses it
     * @throws StoreException if it cannot be used
     */
    public static FileObjectStore open(Path folder, DataSize names) {
        try {
            // Where it is made here, nobody else reads it: it holds the data of all tenants.
            Path root = Files.createDirectories(folder.toAbsolutePath().normalize(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))).toRealPath();
            Path own = Files.createDirectories(root.resolve(OWN));
            Path temporary = Files.createDirectories(own.resolve("tmp"));
            FolderLock lock = FolderLock.take(root, own.resolve("lock"));
            try (Stream<Path> left = Files.list(temporary)) {
                for (Path file : left.toList()) {
                    Files.delete(file);
                }
            }
            return new FileObjectStore(root, temporary, lock, names);
        } catch (IOException e) {
            throw new StoreException("the store " + folder + " cannot be opened: " + reason(e), e);
        }
    }

    @Override
    public boolean putIfAbsent(String key, byte[] bytes) {
        Path target = path(key);
        if (Files.exists(target)) {
            return false;
        }
        Path file = newTemporary();
        try {
            DurableFiles.write(file, bytes);
            return files.link(file, target);
        } catch (IOException e) {
            throw failed("put", key, e);
        } finally {
            discard(file);
        }
    }

    @Override
    public Upload upload(String key) {
        Path target = path(key);
        Path file = newTemporary();
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return new FileUpload(key, file, target, channel);
        } catch (IOException e) {
            throw failed("upload", key, e);
        }
    }

    private final class FileUpload implements Upload {

        private final String key;
        private final Path file;
        private final Path target;
        private final FileChannel channel;
        private final OutputStream stream;

        FileUpload(String key, Path file, Path target, FileChannel channel) {
            this.key = key;
            this.file = file;
            this.target = target;
            this.channel = channel;
            this.stream = Channels.newOutputStream(channel);
        }

        @Override
        public OutputStream stream() {
            return stream;
        }

        @Override
        public boolean commit() {
            try {
                channel.force(true);
                return files.link(file, target);
            } catch (IOException e) {
                throw failed("upload", key, e);
            } finally {
                close();
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw failed("upload", key, e);
            } finally {
                discard(file);
            }
        }
    }

    @Override
    public Optional<String> replace(String key, byte[] bytes, @Nullable String etag) {
        if (etag == null) {
            return putIfAbsent(key, bytes) ? Optional.of(etag(bytes)) : Optional.empty();
        }
        Path target = path(key);
        synchronized (replacing) {
            Path file = newTemporary();
            try {
                if (!etag.equals(etag(Files.readAllBytes(target)))) {
                    return Optional.empty();
                }
                DurableFiles.write(file, bytes);
                Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
                DurableFiles.force(DurableFiles.above(target));
                return Optional.of(etag(bytes));
            } catch (NoSuchFileException _) {
                return Optional.empty();
            } catch (IOException e) {
                throw failed("replace", key, e);
            } finally {
                discard(file);
            }
        }
    }

    @Override
    public Optional<StoredObject> get(String key) {
        try {
            FileChannel channel = FileChannel.open(path(key), StandardOpenOption.READ);
            try {
                long size = channel.size();
                // Only objects that are compared and set are small and need a tag; the others are never replaced.
                String tag = size <= 1 << 16 ? etag(DurableFiles.read(channel, 0, (int) size)) : Long.toHexString(size);
                channel.position(0);
                return Optional.of(new StoredObject(size, tag, Channels.newInputStream(channel)));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            if (isAbsent(e)) {
                return Optional.empty();
            }
            throw failed("get", key, e);
        }
    }

    @Override
    public Optional<byte[]> read(String key, long offset, int length) {
        try (FileChannel channel = FileChannel.open(path(key), StandardOpenOption.READ)) {
            long there = Math.max(0, Math.min(length, channel.size() - offset));
            return Optional.of(DurableFiles.read(channel, offset, (int) there));
        } catch (IOException e) {
            if (isAbsent(e)) {
                return Optional.empty();
            }
            throw failed("read", key, e);
        }
    }

    @Override
    public List<Entry> list(String prefix, @Nullable String startAfter, int limit) {
        try {
            return listings.objects(folder(prefix), prefix, startAfter, limit);
        } catch (IOException e) {
            throw failed("list", prefix, e);
        }
    }

    @Override
    public List<String> folders(String prefix, @Nullable String startAfter, int limit) {
        try {
            return listings.folders(folder(prefix), startAfter, limit);
        } catch (IOException e) {
            throw failed("list", prefix, e);
        }
    }

    @Override
    public void delete(Collection<String> keys) {
        Set<Path> folders = new HashSet<>();
        for (String key : keys) {
            Path target = path(key);
            try {
                if (Files.deleteIfExists(target)) {
                    folders.add(DurableFiles.above(target));
                }
            } catch (NotDirectoryException _) {
                // No such object.
            } catch (IOException e) {
                throw failed("delete", key, e);
            }
        }
        for (Path folder : folders) {
            try {
                files.settle(folder);
            } catch (IOException e) {
                throw failed("delete", root.relativize(folder).toString(), e);
            }
        }
    }

    /** The folder is locked. */
    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public String description() {
        return root.toString();
    }

    @Override
    public void close() {
        lock.close();
    }

    private Path newTemporary() {
        return temporary.resolve(Long.toString(numbers.incrementAndGet()));
    }

    private static void discard(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new StoreException("a temporary file cannot be removed: " + reason(e), e);
        }
    }

    private Path path(String key) {
        return below(StoreKeys.parts(key), key);
    }

    private Path folder(String prefix) {
        return below(StoreKeys.prefixParts(prefix), prefix);
    }

    private Path below(List<String> parts, String key) {
        if (!parts.isEmpty() && parts.getFirst().equals(OWN)) {
            throw new IllegalArgumentException("not a key: " + key);
        }
        Path path = root;
        for (String part : parts) {
            path = path.resolve(part);
        }
        return path;
    }

    private static String etag(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return HexFormat.of().toHexDigits((int) crc.getValue()) + "-" + bytes.length + "-"
                + Integer.toHexString(Arrays.hashCode(bytes));
    }

    /** Nothing there, or a part of the key is an object itself. */
    private static boolean isAbsent(IOException e) {
        return e instanceof NoSuchFileException
                || (e instanceof FileSystemException file && "Not a directory".equals(file.getReason()));
    }

    private static StoreException failed(String operation, String key, IOException e) {
        return new StoreException(operation + " of " + key + " failed: " + reason(e), e);
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
    }
}
