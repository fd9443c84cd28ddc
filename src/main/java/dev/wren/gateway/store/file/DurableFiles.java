package dev.wren.gateway.store.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;

/**
 * Files and folders whose changes are on the disk when a method returns: contents are forced, and so is the folder that
 * names them. Safe for use by several threads.
 */
final class DurableFiles {

    /** A folder may vanish under a put when its last object is deleted meanwhile. */
    private static final int TRIES = 20;

    private final Path root;
    private final FolderListings listings;

    /**
     * Below {@code root}, which is never removed.
     *
     * @param listings told of each folder that is made or removed
     */
    DurableFiles(Path root, FolderListings listings) {
        this.root = root;
        this.listings = listings;
    }

    /** A new file with these bytes. */
    static void write(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    /** Bytes of a file, fewer where it ends before. */
    static byte[] read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
            // Goes on until all is there.
        }
        return buffer.hasRemaining() ? Arrays.copyOf(buffer.array(), buffer.position()) : buffer.array();
    }

    /** The folder of a path below the root. */
    static Path above(Path path) {
        return Objects.requireNonNull(path.getParent());
    }

    /** Gives the file a second name, in folders that are made where they are missing; false if the name is taken. */
    boolean link(Path file, Path target) throws IOException {
        for (int left = TRIES;; left--) {
            makeFolders(above(target));
            try {
                Files.createLink(target, file);
                force(above(target));
                return true;
            } catch (FileAlreadyExistsException _) {
                return false;
            } catch (NoSuchFileException e) {
                if (left == 0 || !Files.exists(file)) {
                    throw e;
                }
            }
        }
    }

    /** Makes the folders that are missing, durably: each is forced into the one above it. */
    private void makeFolders(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        Path above = above(folder);
        makeFolders(above);
        try {
            Files.createDirectory(folder);
            listings.changed(folder);
        } catch (FileAlreadyExistsException _) {
            // Somebody else has made it.
        } catch (NoSuchFileException _) {
            makeFolders(folder);
            return;
        }
        force(above);
    }

    /** Makes removals from the folder durable, and removes it, and those above, where nothing is left in it. */
    void settle(Path from) throws IOException {
        force(from);
        Path folder = from;
        while (!folder.equals(root)) {
            try {
                Files.delete(folder);
                listings.changed(folder);
            } catch (DirectoryNotEmptyException | NoSuchFileException _) {
                return;
            }
            folder = above(folder);
        }
    }

    /** What the folder names is on the disk. */
    static void force(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException _) {
            // Removed meanwhile, and what was in it before.
        }
    }
}
