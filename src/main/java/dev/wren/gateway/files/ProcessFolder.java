package dev.wren.gateway.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * A folder for this process alone, readable by its user only, among the system's temporary files. Its name tells the
 * process, so that what a killed gateway left is removed by the next one. Safe for use by several threads.
 *
 * @param path the folder
 */
public record ProcessFolder(Path path) implements AutoCloseable {

    static final Set<PosixFilePermission> LET_THROUGH = PosixFilePermissions.fromString("rwx--x--x");

    private static final Logger log = LoggerFactory.getLogger(ProcessFolder.class);

    /**
     * Makes a folder, and removes those of the same purpose whose process is gone.
     *
     * @param purpose start of the name; letters and hyphens
     * @throws UncheckedIOException if it cannot be made
     */
    public static ProcessFolder make(String purpose) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        String prefix = "wren-" + purpose + "-";
        try (Stream<Path> folders = Files.list(temporary)) {
            folders.filter(each -> isLeft(each.getFileName().toString(), prefix)).toList()
                    .forEach(ProcessFolder::remove);
        } catch (IOException e) {
            log.debug("old folders of {} cannot be listed", purpose, e);
        }
        try {
            return new ProcessFolder(
                    Files.createTempDirectory(temporary, prefix + ProcessHandle.current().pid() + "-"));
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for " + purpose + " in " + temporary, e);
        }
    }

    /** One that cannot be removed, such as another user's, keeps no other from being. */
    private static void remove(Path left) {
        try {
            FileSystemUtils.deleteRecursively(left);
        } catch (IOException e) {
            log.debug("{} of an earlier gateway cannot be removed", left, e);
        }
    }

    private static boolean isLeft(String name, String prefix) {
        int end = name.indexOf('-', prefix.length());
        if (!name.startsWith(prefix) || end < 0) {
            return false;
        }
        try {
            return ProcessHandle.of(Long.parseLong(name.substring(prefix.length(), end))).isEmpty();
        } catch (NumberFormatException _) {
            return false;
        }
    }

    /** Lets others into those folders in it that are theirs; they cannot list it. */
    public void letThrough() {
        try {
            Files.setPosixFilePermissions(path, LET_THROUGH);
        } catch (IOException e) {
            throw new UncheckedIOException(path + " cannot be opened", e);
        }
    }

    /** Removes the folder and all that is in it. */
    @Override
    public void close() {
        try {
            FileSystemUtils.deleteRecursively(path);
        } catch (IOException e) {
            log.warn("{} cannot be removed: {}", path, e.getMessage());
        }
    }
}
