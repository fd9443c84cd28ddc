package dev.wren.gateway.store.file;

import dev.wren.gateway.store.ObjectStore;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lists what is below a folder, in the order of keys. The names in folders that have many are kept in memory, so that a
 * page costs its own size and not the folder's: this process alone changes what is in them. Safe for use by several
 * threads.
 */
final class FolderListings {

    /** Folders with fewer are read each time. */
    private static final int MANY = 500;
    /** The order of the keys in them: a folder's name is followed by a slash there. */
    private static final Comparator<String> ORDER = Comparator.comparing(name -> name + "/");
    /** Bytes that a kept name takes, at most: an id, in a tree. FolderListingsTest measures it. */
    static final int NAME = 130;

    private final String hidden;
    private final int maxNames;
    /** Folders with many names; those of the folders in them. Guarded by this. */
    private final Map<Path, TreeSet<String>> kept = new HashMap<>();
    private int names;

    /**
     * @param hidden name of a folder that is not listed
     * @param maxBytes that kept names may take; folders that do not fit are read each time
     */
    FolderListings(String hidden, long maxBytes) {
        this.hidden = hidden;
        this.maxNames = (int) Math.min(Integer.MAX_VALUE, maxBytes / NAME);
    }

    /** Names of the folders in {@code folder}, in the order of keys, after {@code startAfter}. */
    List<String> folders(Path folder, @Nullable String startAfter, int limit) throws IOException {
        synchronized (this) {
            TreeSet<String> known = kept.get(folder);
            if (known != null) {
                return (startAfter == null ? known : known.tailSet(startAfter, false)).stream().limit(limit).toList();
            }
        }
        TreeSet<String> page = new TreeSet<>(ORDER);
        int seen = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                seen++;
                String name = file.getFileName().toString();
                boolean fits = (page.size() < limit || ORDER.compare(name, page.last()) < 0)
                        && (startAfter == null || ORDER.compare(name, startAfter) > 0);
                if (fits && !name.equals(hidden) && Files.isDirectory(file)) {
                    page.add(name);
                    if (page.size() > limit) {
                        page.removeLast();
                    }
                }
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        }
        if (seen >= MANY) {
            keep(folder, seen);
        }
        return List.copyOf(page);
    }

    /** Reads the names once, while nobody changes them. */
    private synchronized void keep(Path folder, int about) throws IOException {
        if (kept.containsKey(folder) || names + about > maxNames) {
            return;
        }
        TreeSet<String> found = new TreeSet<>(ORDER);
        kept.put(folder, found);
        boolean whole = false;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (!name.equals(hidden)) {
                    found.add(name);
                }
            }
            names += found.size();
            whole = true;
        } finally {
            if (!whole) {
                kept.remove(folder);
            }
        }
    }

    /**
     * The folder was made or removed. Whoever comes here last sees how it is now, so that what is kept is right whatever
     * came in between.
     */
    synchronized void changed(Path folder) {
        Path above = DurableFiles.above(folder);
        TreeSet<String> known = kept.get(above);
        if (known == null) {
            return;
        }
        String name = folder.getFileName().toString();
        int before = known.size();
        if (Files.isDirectory(folder)) {
            known.add(name);
        } else {
            known.remove(name);
        }
        names += known.size() - before;
        if (names > maxNames) {
            names -= known.size();
            kept.remove(above);
        }
    }

    /** Objects below {@code folder}, whose keys start with {@code prefix}. */
    List<ObjectStore.Entry> objects(Path folder, String prefix, @Nullable String startAfter, int limit)
            throws IOException {
        List<ObjectStore.Entry> found = new ArrayList<>();
        collect(folder, prefix, startAfter, limit, found);
        return found;
    }

    /** Goes down in the order of keys: a folder sorts as its name and a slash. */
    private void collect(Path folder, String prefix, @Nullable String startAfter, int limit,
            List<ObjectStore.Entry> found) throws IOException {
        for (Child child : children(folder)) {
            if (found.size() == limit) {
                return;
            }
            String key = prefix + child.name;
            if (startAfter != null && key.compareTo(startAfter) <= 0
                    && !(child.isFolder() && startAfter.startsWith(key))) {
                continue;
            }
            if (child.isFolder()) {
                collect(child.path, key, startAfter, limit, found);
            } else {
                try {
                    found.add(new ObjectStore.Entry(key, Files.size(child.path)));
                } catch (NoSuchFileException _) {
                    // Deleted meanwhile: it may be listed or not.
                }
            }
        }
    }

    private record Child(String name, Path path) {

        boolean isFolder() {
            return name.endsWith("/");
        }
    }

    private List<Child> children(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> !path.getFileName().toString().equals(hidden))
                    .map(path -> new Child(path.getFileName() + (Files.isDirectory(path) ? "/" : ""), path))
                    .sorted(Comparator.comparing(Child::name))
                    .toList();
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        }
    }
}
