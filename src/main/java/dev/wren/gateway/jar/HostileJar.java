package dev.wren.gateway.jar;

import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Opens an uploaded jar as one that somebody has made to do harm: its directory is measured before it is read, all of it
 * is inflated once, into nothing, and counted; no header is believed, and no name is used as a path.
 */
final class HostileJar {

    private static final int MAX_NAME = 1024;
    /** Java reads a manifest whole; its own limit is 16,000,000 (jdk.jar.maxSignatureFileSize). */
    private static final int MAX_MANIFEST = 8 << 20;
    private static final int SHOWN = 80;

    private final ZipFile zip;
    private final JarSettings limits;
    private final byte[] buffer = new byte[1 << 16];
    private long left;

    private HostileJar(ZipFile zip, JarSettings limits) {
        this.zip = zip;
        this.limits = limits;
        this.left = limits.maxUnpackedSize().toBytes();
    }

    /**
     * Checks that the file is a jar that can be used.
     *
     * @throws ProblemException {@code invalid-jar}, with the reason
     */
    static void check(Path file, JarSettings limits) {
        try {
            ZipDirectory.check(file, limits.maxEntries());
            try (ZipFile zip = new ZipFile(file.toFile())) {
                new HostileJar(zip, limits).check();
            }
        } catch (UnusableException e) {
            throw invalid(e.why);
        } catch (IOException | IllegalArgumentException e) {
            // A zip that Java does not read: most of these are ZipException, and say what is wrong.
            throw invalid("it is damaged" + (e.getMessage() == null ? "" : " (" + shown(e.getMessage()) + ")"));
        }
    }

    /** Why a jar is refused. */
    static final class UnusableException extends Exception {

        private static final long serialVersionUID = 1L;

        private final String why;

        UnusableException(String why) {
            super(why);
            this.why = why;
        }
    }

    private void check() throws IOException, UnusableException {
        // Said by the directory, and counted again below.
        if (zip.size() == 0) {
            throw new UnusableException("it has no entries");
        }
        Set<String> names = new HashSet<>();
        for (Enumeration<? extends ZipEntry> each = zip.entries(); each.hasMoreElements();) {
            ZipEntry entry = each.nextElement();
            checkName(entry.getName());
            if (!names.add(entry.getName())) {
                throw new UnusableException("two entries have the name " + shown(entry.getName()));
            }
            if (names.size() > limits.maxEntries()) {
                throw new UnusableException("it has more than " + limits.maxEntries() + " entries");
            }
            unpack(entry);
            if (entry.getName().equalsIgnoreCase(JarFile.MANIFEST_NAME)) {
                checkManifest(entry);
            }
        }
    }

    private static void checkName(String name) throws UnusableException {
        boolean odd = name.isEmpty() || name.length() > MAX_NAME || name.startsWith("/")
                || name.chars().anyMatch(c -> c < ' ' || c == '\\' || c == 0x7f);
        for (String part : name.split("/", -1)) {
            odd |= part.equals("..") || part.equals(".");
        }
        if (odd) {
            throw new UnusableException("an entry has the name \"" + shown(name) + "\", which no jar tool gives");
        }
    }

    private void unpack(ZipEntry entry) throws IOException, UnusableException {
        CRC32 crc = new CRC32();
        long size = 0;
        try (InputStream in = zip.getInputStream(entry)) {
            for (int n; (n = in.read(buffer)) >= 0;) {
                size += n;
                left -= n;
                if (left < 0) {
                    throw new UnusableException(
                            "unpacked it has more than " + limits.maxUnpackedSize().toBytes() + " bytes");
                }
                crc.update(buffer, 0, n);
            }
        }
        // What unpacks it later may believe the directory.
        if (size != entry.getSize() || crc.getValue() != entry.getCrc()) {
            throw new UnusableException(
                    "the entry " + shown(entry.getName()) + " is not what the jar's directory says it is");
        }
    }

    /** A class loader that cannot read the manifest finds no class of a package. */
    private void checkManifest(ZipEntry entry) throws IOException, UnusableException {
        if (entry.getSize() > MAX_MANIFEST) {
            throw new UnusableException("its manifest has more than " + MAX_MANIFEST + " bytes");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            var _ = new Manifest(in);
        }
    }

    /** Text of the uploader's, at a length and in characters that a message can have. */
    private static String shown(String text) {
        String all = text.replaceAll("\\p{Cntrl}", "?");
        return all.length() <= SHOWN ? all : all.substring(0, SHOWN) + "…";
    }

    private static ProblemException invalid(String why) {
        return new ProblemException(ProblemType.INVALID_JAR, "The body is not a usable jar: " + why + ".");
    }
}
