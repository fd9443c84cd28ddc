package dev.wren.worker.run;

import dev.wren.protocol.jvm.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The process's own folders, where functions may leave files: the one it works in, and the one of temporary files. */
public final class WorkingFolder {

    private final List<Path> ours = new ArrayList<>();

    /** Those that are not empty now are nobody's to empty: they are left alone. */
    public WorkingFolder(Path... folders) throws IOException {
        for (Path folder : folders) {
            if (list(folder).isEmpty()) {
                ours.add(folder);
            }
        }
    }

    /** Deletes what was left in them. Returns what is wrong, or null when they are empty again. */
    @Nullable
    String empty() {
        try {
            for (Path folder : ours) {
                for (Path file : list(folder)) {
                    Folders.delete(file);
                }
            }
            return null;
        } catch (IOException e) {
            return "the working folder cannot be emptied: " + e;
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
