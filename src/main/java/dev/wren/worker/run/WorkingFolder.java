package dev.wren.worker.run;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The process's own folder, where functions may leave files. */
public final class WorkingFolder {

    private final Path folder;
    private final boolean ours;

    /** A folder that is not empty now is nobody's to empty: it is left alone. */
    public WorkingFolder(Path folder) throws IOException {
        this.folder = folder;
        ours = isEmpty();
    }

    /** Deletes what was left in it. Returns what is wrong, or null when the folder is empty again. */
    @Nullable
    String empty() {
        if (!ours) {
            return null;
        }
        try {
            if (!isEmpty()) {
                deleteAll();
            }
            return null;
        } catch (IOException e) {
            return "the working folder cannot be emptied: " + e;
        }
    }

    private boolean isEmpty() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    private void deleteAll() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                delete(file);
            }
        }
    }

    /** Deletes a file, or a folder with all that is in it; links are not followed. */
    public static void delete(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
