package dev.wren.client;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A folder or a jar of the class path. A folder becomes a jar that has the same bytes for the same files, wherever and
 * whenever it is made.
 *
 * @param path of the folder or jar
 * @param isFolder whether it is a folder
 */
record CodeEntry(Path path, boolean isFolder) {

    /** The time of all entries: the earliest that a zip file can say. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    static CodeEntry of(Path path) {
        return new CodeEntry(path, Files.isDirectory(path));
    }

    /**
     * What changes whenever a file of it does, unless that is written again at once.
     *
     * @param digest of names, sizes and times
     * @param newest when a file of it was written last
     */
    record Fingerprint(String digest, Instant newest) {
    }

    Fingerprint fingerprint() throws IOException {
        MessageDigest digest = sha256();
        Instant newest = Instant.MIN;
        for (Path file : isFolder ? files() : List.of(path)) {
            Instant written = Files.getLastModifiedTime(file).toInstant();
            newest = written.isAfter(newest) ? written : newest;
            digest.update((name(file) + "\n" + Files.size(file) + "\n" + written + "\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        return new Fingerprint(hex(digest), newest);
    }

    private String name(Path file) {
        return isFolder ? path.relativize(file).toString().replace('\\', '/') : file.toString();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            return all.filter(Files::isRegularFile).sorted((a, b) -> name(a).compareTo(name(b))).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Whether there is something in it. */
    boolean hasContent() throws IOException {
        return !isFolder || !files().isEmpty();
    }

    /** The SHA-256 of its jar, lower-case hex. */
    String hash() throws IOException {
        MessageDigest digest = sha256();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            write(out);
        }
        return hex(digest);
    }

    /** Writes its jar. */
    void write(OutputStream out) throws IOException {
        if (!isFolder) {
            Files.copy(path, out);
            return;
        }
        ZipOutputStream zip = new ZipOutputStream(new BufferedOutputStream(out, 1 << 16));
        for (Path file : files()) {
            ZipEntry entry = new ZipEntry(name(file));
            entry.setTimeLocal(TIME);
            zip.putNextEntry(entry);
            Files.copy(file, zip);
            zip.closeEntry();
        }
        zip.finish();
        zip.flush();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
