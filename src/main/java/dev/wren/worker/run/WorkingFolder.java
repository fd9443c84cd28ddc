package dev.wren.worker.run;

import dev.wren.protocol.jvm.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
                Folders.delete(file);
            }
        }
    }
}
