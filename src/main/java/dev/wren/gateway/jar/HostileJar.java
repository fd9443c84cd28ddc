package dev.wren.gateway.jar;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.protocol.jar.UnusableJarException;
import dev.wren.protocol.jar.ZipDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Opens an uploaded jar as one that somebody has made to do harm: its directory is measured before it is read, all of it
 * is inflated, and counted; no header is believed, and no name is used as a path.
 */
final class HostileJar {

    private static final int MAX_NAME = 1024;
    /** Java reads a manifest whole; its own limit is 16,000,000 (jdk.jar.maxSignatureFileSize). */
    private static final int MAX_MANIFEST = 8 << 20;

    private final JarSettings limits;
    private final byte[] buffer = new byte[1 << 16];
    private long bytesLeft;
    private int entriesLeft;
    private boolean hasParts;

    private HostileJar(JarSettings limits) {
        this.limits = limits;
        this.bytesLeft = limits.maxUnpackedSize().toBytes();
        this.entriesLeft = limits.maxEntries();
    }

    /**
     * Checks that the file is a jar that can be used, and so are the jars in it. Files beside it are made and removed again.
     *
     * @throws ProblemException {@code invalid-jar}, with the reason
     */
    static void check(Path file, JarSettings limits) {
        try {
            new HostileJar(limits).checkAll(file);
        } catch (UnusableJarException e) {
            throw invalid(e.why());
        } catch (IOException | IllegalArgumentException e) {
            throw invalid(damaged(e));
        }
    }

    private void checkAll(Path file) throws IOException, UnusableJarException {
        try {
            check(file);
            if (hasParts) {
                long _ = ClassPath.unpack(file);
                for (Path part : ClassPath.of(file)) {
                    if (!part.equals(file)) {
                        checkPart(part);
                    }
                }
            }
        } finally {
            ClassPath.delete(file);
        }
    }

    private void checkPart(Path part) throws UnusableJarException {
        try {
            check(part);
        } catch (UnusableJarException e) {
            throw new UnusableJarException("of a jar in it: " + e.why());
        } catch (IOException | IllegalArgumentException e) {
            throw new UnusableJarException("of a jar in it: " + damaged(e));
        }
    }

    /** A zip that Java does not read: most of these are ZipException, and say what is wrong. */
    private static String damaged(Exception e) {
        return "it is damaged" + (e.getMessage() == null ? "" : " (" + ZipDirectory.shown(e.getMessage()) + ")");
    }

    private void check(Path file) throws IOException, UnusableJarException {
        Path firsts = file.resolveSibling(file.getFileName() + ".firsts");
        try {
            boolean repeated = ZipDirectory.check(file, entriesLeft);
            if (repeated) {
                ZipDirectory.copyFirsts(file, firsts);
            }
            try (ZipFile zip = new ZipFile((repeated ? firsts : file).toFile())) {
                check(zip);
            }
        } finally {
            Files.deleteIfExists(firsts);
        }
    }

    private void check(ZipFile zip) throws IOException, UnusableJarException {
        // Said by the directory, and counted again below.
        if (zip.size() == 0) {
            throw new UnusableJarException("it has no entries");
        }
        for (Enumeration<? extends ZipEntry> each = zip.entries(); each.hasMoreElements();) {
            ZipEntry entry = each.nextElement();
            checkName(entry.getName());
            entriesLeft--;
            if (entriesLeft < 0) {
                throw new UnusableJarException("it has more than " + limits.maxEntries() + " entries");
            }
            hasParts |= ClassPath.isPart(entry.getName());
            unpack(zip, entry);
            if (entry.getName().equalsIgnoreCase(JarFile.MANIFEST_NAME)) {
                checkManifest(zip, entry);
            }
        }
    }

    private static void checkName(String name) throws UnusableJarException {
        boolean odd = name.isEmpty() || name.length() > MAX_NAME || name.startsWith("/")
                || name.chars().anyMatch(c -> c < ' ' || c == '\\' || c == 0x7f);
        for (String part : name.split("/", -1)) {
            odd |= part.equals("..") || part.equals(".");
        }
        if (odd) {
            throw new UnusableJarException(
                    "an entry has the name \"" + ZipDirectory.shown(name) + "\", which no jar tool gives");
        }
    }

    private void unpack(ZipFile zip, ZipEntry entry) throws IOException, UnusableJarException {
        CRC32 crc = new CRC32();
        long size = 0;
        try (InputStream in = zip.getInputStream(entry)) {
            for (int n; (n = in.read(buffer)) >= 0;) {
                size += n;
                bytesLeft -= n;
                if (bytesLeft < 0) {
                    throw new UnusableJarException(
                            "unpacked it has more than " + limits.maxUnpackedSize().toBytes() + " bytes");
                }
                crc.update(buffer, 0, n);
            }
        }
        // What unpacks it later may believe the directory.
        if (size != entry.getSize() || crc.getValue() != entry.getCrc()) {
            throw new UnusableJarException(
                    "the entry " + ZipDirectory.shown(entry.getName()) + " is not what the jar's directory says it is");
        }
    }

    /** A class loader that cannot read the manifest finds no class of a package. */
    private static void checkManifest(ZipFile zip, ZipEntry entry) throws IOException, UnusableJarException {
        if (entry.getSize() > MAX_MANIFEST) {
            throw new UnusableJarException("its manifest has more than " + MAX_MANIFEST + " bytes");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            var _ = new Manifest(in);
        }
    }

    private static ProblemException invalid(String why) {
        return new ProblemException(ProblemType.INVALID_JAR, "The body is not a usable jar: " + why + ".");
    }
}
