package dev.wren.client;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * The folders and jars that this program's classes come from, in order; not the JDK, and not this client. Those that
 * manifests name are among them ({@code Class-Path}, as in the jars that IDEs and Surefire make for long class paths).
 */
final class ClassPath {

    /** What the client's own jars say in their manifests. */
    static final String CLIENT = "Wren-Client";

    private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));
    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final Set<Path> entries = new LinkedHashSet<>();
    private final Set<Path> seen = new LinkedHashSet<>();

    private ClassPath() {
    }

    /**
     * Walks what a class of the program sees.
     *
     * @param leaveOut entries that are not taken
     * @throws IllegalArgumentException if it cannot be known where its classes come from
     */
    static List<Path> of(Class<?> type, Predicate<Path> leaveOut) {
        ClassPath walk = new ClassPath();
        for (ClassLoader loader = type.getClassLoader(); loader != null; loader = loader.getParent()) {
            if (loader instanceof URLClassLoader urls) {
                for (URL url : urls.getURLs()) {
                    walk.add(path(url));
                }
            }
        }
        for (String property : List.of("java.class.path", "jdk.module.path")) {
            SEPARATOR.splitAsStream(System.getProperty(property, "")).forEach(entry -> walk.add(path(entry)));
        }
        ClassLoader loader = type.getClassLoader();
        if (loader != null && !loader.equals(ClassLoader.getPlatformClassLoader()) && !walk.has(type)) {
            Path source = source(type);
            if (source == null && !walk.holds(type)) {
                throw new IllegalArgumentException("It is not known where the class " + type.getName()
                        + " comes from, so its code cannot travel: it is of " + loader + ".");
            }
            walk.add(source);
        }
        walk.entries.removeIf(leaveOut);
        return List.copyOf(walk.entries);
    }

    private boolean has(Class<?> type) {
        Path source = source(type);
        return source != null && (entries.contains(source) || seen.contains(source));
    }

    /** Whether one has the class's file, also as Spring Boot lays out a jar, whose loader knows no files. */
    private boolean holds(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        for (Path entry : entries) {
            if (Files.isDirectory(entry)) {
                if (Files.exists(entry.resolve(file))) {
                    return true;
                }
                continue;
            }
            try (JarFile jar = new JarFile(entry.toFile())) {
                if (jar.getEntry(file) != null || jar.getEntry("BOOT-INF/classes/" + file) != null) {
                    return true;
                }
            } catch (IOException e) {
                // It is not in that one.
            }
        }
        return false;
    }

    private static @Nullable Path source(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null ? null : path(source.getLocation());
    }

    private static @Nullable Path path(URL url) {
        try {
            return url.getProtocol().equals("file") ? normal(Path.of(url.toURI())) : null;
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
            return null;
        }
    }

    private static @Nullable Path path(String entry) {
        try {
            return entry.isEmpty() ? null : normal(Path.of(entry));
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static Path normal(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private void add(@Nullable Path entry) {
        if (entry == null || !seen.add(entry)) {
            return;
        }
        if (Files.isDirectory(entry)) {
            entries.add(entry);
        } else if (Files.isRegularFile(entry)) {
            try (JarFile jar = new JarFile(entry.toFile())) {
                addJar(entry, jar);
            } catch (IOException e) {
                // What the JVM could read no classes from, it has read none from.
            }
        }
    }

    private void addJar(Path file, JarFile jar) throws IOException {
        Manifest manifest = jar.getManifest();
        Attributes main = manifest == null ? new Attributes() : manifest.getMainAttributes();
        if (main.getValue(CLIENT) == null && hasContent(jar)) {
            entries.add(file);
        }
        String more = main.getValue(Attributes.Name.CLASS_PATH);
        if (more != null) {
            SPACE.splitAsStream(more.trim()).forEach(each -> add(relative(file, each)));
        }
    }

    /** Whether there is more than a manifest. */
    private static boolean hasContent(JarFile jar) {
        for (ZipEntry entry : Collections.list(jar.entries())) {
            if (!entry.isDirectory() && !entry.getName().equals(JarFile.MANIFEST_NAME)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Path relative(Path jar, String url) {
        try {
            URI uri = jar.toUri().resolve(new URI(url));
            return "file".equals(uri.getScheme()) ? normal(Path.of(uri)) : null;
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
            return null;
        }
    }
}
