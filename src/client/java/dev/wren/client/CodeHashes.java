package dev.wren.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Hashes of folders and jars, by their fingerprints, kept in a file of the user's from one run to the next. Nothing is wrong
 * if it cannot be read or written: hashes are made again. Safe for use by several threads and processes.
 */
final class CodeHashes {

    /** Entries that are kept: more than a few programs have. */
    private static final int MOST = 5000;

    private static final Duration SETTLED = Duration.ofSeconds(2);

    private final Path file;
    private final Clock clock;
    /** Whether more is known than is in the file. */
    private boolean changed;
    private final Map<String, String> known = new LinkedHashMap<>(16, 0.75f, true);

    private CodeHashes(Path file, Clock clock) {
        this.clock = clock;
        this.file = file;
    }

    /** Those of this user. */
    static CodeHashes ofUser() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path folder = cache != null && !cache.isEmpty()
                ? Path.of(cache)
                : Path.of(System.getProperty("user.home", "."), ".cache");
        return in(folder.resolve("wren-client"), Clock.systemUTC());
    }

    /** Those that are kept in a folder. */
    static CodeHashes in(Path folder, Clock clock) {
        CodeHashes hashes = new CodeHashes(folder.resolve("hashes"), clock);
        try {
            for (String line : Files.readAllLines(hashes.file)) {
                if (line.matches("[0-9a-f]{64} [0-9a-f]{64}")) {
                    hashes.known.put(line.substring(0, 64), line.substring(65));
                }
            }
        } catch (IOException e) {
            // There is none yet.
        }
        return hashes;
    }

    /** The hash of an entry's jar. */
    synchronized String of(CodeEntry entry) throws IOException {
        CodeEntry.Fingerprint fingerprint = entry.fingerprint();
        String hash = known.get(fingerprint.digest());
        if (hash == null) {
            hash = entry.hash();
            // What was written just now may be written once more within the same tick of the file system's clock.
            if (fingerprint.newest().isBefore(clock.instant().minus(SETTLED))
                    && entry.fingerprint().equals(fingerprint)) {
                known.put(fingerprint.digest(), hash);
                changed = true;
            }
        }
        return hash;
    }

    /** Keeps them for the next run. */
    synchronized void save() {
        if (!changed) {
            return;
        }
        changed = false;
        try {
            Files.createDirectories(file.getParent());
            Path made = Files.createTempFile(file.getParent(), "hashes-", ".tmp");
            try {
                List<String> lines = known.entrySet().stream().map(each -> each.getKey() + " " + each.getValue())
                        .toList();
                Files.write(made, lines.subList(Math.max(0, lines.size() - MOST), lines.size()));
                Files.move(made, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(made);
            }
        } catch (IOException e) {
            // The next run hashes again.
        }
    }
}
