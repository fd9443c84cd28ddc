package dev.wren.gateway.jar;

import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Opens an uploaded jar as one that somebody has made to do harm: all of it is inflated once, into nothing, and counted;
 * no header is believed, and no name is used as a path.
 */
final class HostileJar {

    private HostileJar() {
    }

    /**
     * Checks that the file is a jar that can be used.
     *
     * @throws ProblemException {@code invalid-jar}, with the reason
     */
    static void check(Path file, JarSettings limits) {
        long left = limits.maxUnpackedSize().toBytes();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() == 0) {
                throw invalid("it has no entries");
            }
            if (zip.size() > limits.maxEntries()) {
                throw invalid("it has " + zip.size() + " entries; " + limits.maxEntries() + " are allowed");
            }
            Set<String> names = new HashSet<>();
            byte[] buffer = new byte[1 << 16];
            for (Enumeration<? extends ZipEntry> each = zip.entries(); each.hasMoreElements();) {
                ZipEntry entry = each.nextElement();
                if (!names.add(entry.getName())) {
                    throw invalid("two entries have the same name");
                }
                try (InputStream in = zip.getInputStream(entry)) {
                    for (int n; (n = in.read(buffer)) >= 0;) {
                        left -= n;
                        if (left < 0) {
                            throw invalid("unpacked it is over " + limits.maxUnpackedSize().toBytes() + " bytes");
                        }
                    }
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw invalid("it is no zip file, or a damaged one (" + e.getMessage() + ")");
        }
    }

    private static ProblemException invalid(String why) {
        return new ProblemException(ProblemType.INVALID_JAR, "The body is not a usable jar: " + why + ".");
    }
}
