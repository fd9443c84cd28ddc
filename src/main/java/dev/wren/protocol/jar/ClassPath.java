package dev.wren.protocol.jar;

import dev.wren.protocol.Sha256;
import dev.wren.protocol.jvm.Folders;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * What a class loader reads of a jar: the jar alone, as a rule. A jar may hold others, as AWS Lambda lays them out
 * ({@code lib/*.jar} beside the classes, in the order of their names) or Spring Boot ({@code BOOT-INF/classes}, then
 * {@code BOOT-INF/lib} in the order of its index). Those are unpacked once, into a folder beside the jar, by whoever keeps the
 * jar; whoever loads it finds them there. Safe for use by several threads.
 */
public final class ClassPath {

    private static final String FOLDER = ".parts";
    private static final String ORDER = "order";
    private static final String ITSELF = ".";
    private static final String LAMBDA = "lib/";
    private static final String BOOT_CLASSES = "BOOT-INF/classes/";
    private static final String BOOT_LIB = "BOOT-INF/lib/";
    private static final String BOOT_INDEX = "BOOT-INF/classpath.idx";
    private static final int MAX_INDEX = 1 << 20;

    private ClassPath() {
    }

    private static Path folder(Path jar) {
        return jar.resolveSibling(jar.getFileName() + FOLDER);
    }

    /** Whether something was unpacked of a jar, and is there. */
    public static boolean isUnpacked(Path jar) {
        return Files.exists(folder(jar).resolve(ORDER));
    }

    /** The jars of a jar's class path, in order, of which those that are in it have been {@linkplain #unpack unpacked}. */
    public static List<Path> of(Path jar) throws IOException {
        Path folder = folder(jar);
        Path order = folder.resolve(ORDER);
        if (!Files.exists(order)) {
            return List.of(jar);
        }
        try (Stream<String> lines = Files.lines(order)) {
            return lines.map(line -> line.equals(ITSELF) ? jar : folder.resolve(line)).toList();
        }
    }

    /** Digests of what was unpacked of a jar, in order: what is to be so still when it is loaded. */
    public static List<String> digests(Path jar) throws IOException {
        List<String> all = new ArrayList<>();
        for (Path each : of(jar)) {
            if (!each.equals(jar)) {
                all.add(Sha256.of(each));
            }
        }
        return all;
    }

    /**
     * Unpacks the jars that are in a jar. Nothing is unpacked, and there is no folder afterwards, if there are none, and no
     * two entries have one name.
     *
     * @return bytes of what was unpacked
     * @throws UnusableJarException if the jar, or one in it, is none
     */
    public static long unpack(Path jar) throws IOException, UnusableJarException {
        Path folder = folder(jar);
        delete(jar);
        boolean repeated = ZipDirectory.check(jar, Integer.MAX_VALUE);
        Path made = Files.createTempDirectory(jar.toAbsolutePath().getParent(), "parts-");
        try {
            List<String> order = new ArrayList<>();
            Path itself = jar;
            if (repeated) {
                itself = made.resolve("0.jar");
                ZipDirectory.copyFirsts(jar, itself);
            }
            try (ZipFile zip = new ZipFile(itself.toFile())) {
                new Unpacking(zip, made, order).unpack(repeated ? "0.jar" : ITSELF);
            }
            if (order.equals(List.of(ITSELF))) {
                return 0;
            }
            Files.write(made.resolve(ORDER), order);
            long bytes = size(made);
            // Whoever may read the jar may read these.
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(made, folder, StandardCopyOption.ATOMIC_MOVE);
            return bytes;
        } finally {
            if (Files.exists(made)) {
                Folders.delete(made);
            }
        }
    }

    /**
     * Copies a jar with what was unpacked of it.
     *
     * @return all files and folders that were made
     */
    public static List<Path> copy(Path jar, Path to) throws IOException {
        List<Path> made = new ArrayList<>(List.of(Files.copy(jar, to)));
        if (Files.exists(folder(jar))) {
            Path folder = Files.createDirectory(folder(to));
            try (Stream<Path> files = Files.list(folder(jar))) {
                for (Path file : files.toList()) {
                    Files.copy(file, folder.resolve(file.getFileName()));
                }
            }
            made.add(folder);
        }
        return made;
    }

    /** Removes what was unpacked of a jar. */
    public static void delete(Path jar) throws IOException {
        if (Files.exists(folder(jar))) {
            Folders.delete(folder(jar));
        }
    }

    /** Whether an entry of that name has to be unpacked. */
    public static boolean isPart(String name) {
        return isIn(LAMBDA, name) || isIn(BOOT_LIB, name) || name.startsWith(BOOT_CLASSES);
    }

    private static boolean isIn(String folder, String name) {
        return name.startsWith(folder) && name.endsWith(".jar") && name.indexOf('/', folder.length()) < 0
                && name.length() > folder.length() + ".jar".length();
    }

    private static long size(Path folder) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    /** One jar being unpacked. Used by one thread. */
    private static final class Unpacking {

        private final ZipFile zip;
        private final Path folder;
        private final List<String> order;
        private int number = 1;

        Unpacking(ZipFile zip, Path folder, List<String> order) {
            this.zip = zip;
            this.folder = folder;
            this.order = order;
        }

        void unpack(String itself) throws IOException, UnusableJarException {
            Set<String> boot = new LinkedHashSet<>();
            // Unicode's order, as AWS Lambda says of its own.
            Set<String> lambda = new TreeSet<>();
            List<ZipEntry> classes = new ArrayList<>();
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName();
                if (name.startsWith(BOOT_CLASSES) && name.length() > BOOT_CLASSES.length()) {
                    classes.add(entry);
                } else if (isIn(BOOT_LIB, name)) {
                    boot.add(name);
                } else if (isIn(LAMBDA, name)) {
                    lambda.add(name);
                }
            }
            if (!classes.isEmpty()) {
                classes(classes);
            }
            for (String name : ordered(boot)) {
                jar(name);
            }
            order.add(itself);
            for (String name : lambda) {
                jar(name);
            }
        }

        /** Those of the index first, as Boot's own loader does. */
        private Set<String> ordered(Set<String> boot) throws IOException {
            ZipEntry index = zip.getEntry(BOOT_INDEX);
            if (index == null || index.getSize() > MAX_INDEX) {
                return boot;
            }
            Set<String> all = new LinkedHashSet<>();
            try (BufferedReader lines = new BufferedReader(
                    new InputStreamReader(zip.getInputStream(index), StandardCharsets.UTF_8))) {
                for (String line; (line = lines.readLine()) != null;) {
                    String name = line.strip();
                    if (name.startsWith("- \"") && name.endsWith("\"")) {
                        name = name.substring("- \"".length(), name.length() - 1);
                        if (boot.contains(name)) {
                            all.add(name);
                        }
                    }
                }
            }
            all.addAll(boot);
            return all;
        }

        /** A folder of classes becomes a jar of its own, with the manifest of the whole. */
        private void classes(List<ZipEntry> classes) throws IOException {
            try (ZipOutputStream out = new ZipOutputStream(
                    new BufferedOutputStream(Files.newOutputStream(next())))) {
                ZipEntry manifest = zip.getEntry(JarFile.MANIFEST_NAME);
                if (manifest != null && zip.getEntry(BOOT_CLASSES + JarFile.MANIFEST_NAME) == null) {
                    copy(manifest, JarFile.MANIFEST_NAME, out);
                }
                for (ZipEntry entry : classes) {
                    copy(entry, entry.getName().substring(BOOT_CLASSES.length()), out);
                }
            }
        }

        private void copy(ZipEntry entry, String name, ZipOutputStream out) throws IOException {
            ZipEntry copy = new ZipEntry(name);
            copy.setMethod(ZipEntry.STORED);
            copy.setSize(entry.getSize());
            copy.setCrc(entry.getCrc());
            out.putNextEntry(copy);
            try (InputStream in = zip.getInputStream(entry)) {
                in.transferTo(out);
            }
            out.closeEntry();
        }

        private void jar(String name) throws IOException, UnusableJarException {
            Path file = next();
            try (InputStream in = zip.getInputStream(zip.getEntry(name));
                    OutputStream out = Files.newOutputStream(file)) {
                in.transferTo(out);
            }
            try {
                if (ZipDirectory.check(file, Integer.MAX_VALUE)) {
                    Path firsts = folder.resolve("firsts");
                    ZipDirectory.copyFirsts(file, firsts);
                    Files.move(firsts, file, StandardCopyOption.REPLACE_EXISTING);
                }
            } catch (UnusableJarException e) {
                throw new UnusableJarException("its " + ZipDirectory.shown(name) + " is none: " + e.why());
            }
        }

        private Path next() {
            String name = number++ + ".jar";
            order.add(name);
            return folder.resolve(name);
        }
    }
}
