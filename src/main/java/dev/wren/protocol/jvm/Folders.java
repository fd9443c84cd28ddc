package dev.wren.protocol.jvm;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Folders with all that is in them. Links are not followed. */
public final class Folders {

    private Folders() {
    }

    /** Something that is done to files and folders. */
    @FunctionalInterface
    interface Action {

        void on(Path path) throws IOException;
    }

    /** Deletes a file, or a folder with all that is in it. */
    public static void delete(Path root) throws IOException {
        each(root, Files::delete);
    }

    /** Does something to each file, and to each folder after what is in it. */
    static void each(Path root, Action action) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                action.on(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                action.on(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
