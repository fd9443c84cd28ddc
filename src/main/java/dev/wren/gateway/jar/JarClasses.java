package dev.wren.gateway.jar;

import dev.wren.protocol.jar.ClassPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The classes that a worker would see, read as class files: the JDK's, then those of a jar and of the jars in it. Names are internal, with
 * slashes. Used by one thread.
 */
final class JarClasses implements AutoCloseable {

    /** What workers run on, whatever the gateway does; it chooses among the versions of a multi-release jar. */
    private static final Runtime.Version WORKERS = Runtime.Version.parse("25");
    /** Class files of Java 25 have the version 69, and those of each older Java one less. JVMS table 4.1-A. */
    private static final int NEWEST_CLASS_FILE = 69;
    private static final int JAVA_OFFSET = 44;
    /** The minor version of what was compiled with {@code --enable-preview}. JVMS 4.1. */
    private static final int PREVIEW = 0xffff;
    private static final int FIRST_PREVIEW = 56;
    private static final int MAGIC = 0xcafebabe;

    private static final int MAX_CLASS = 16 << 20;
    private static final long MAX_READ = 64L << 20;
    private static final int MAX_SUPERTYPES = 1000;
    private static final int MAX_NESTING = 100;

    private static final ClassLoader PLATFORM = ClassLoader.getPlatformClassLoader();
    private static final Set<String> PLATFORM_PACKAGES = ModuleLayer.boot()
            .modules()
            .stream()
            .filter(module -> module.getClassLoader() == null || module.getClassLoader().equals(PLATFORM))
            .flatMap(module -> module.getPackages().stream())
            .map(name -> name.replace('.', '/'))
            .collect(Collectors.toUnmodifiableSet());

    private final List<JarFile> jars = new ArrayList<>();
    private final List<String> excluded;
    private final Map<String, Optional<ClassFacts>> found = new HashMap<>();
    private long read;

    /**
     * Opens jars.
     *
     * @param files a class path, in order
     * @param excludeModules prefixes of packages that are not taken from it
     */
    JarClasses(List<Path> files, List<String> excludeModules) throws IOException {
        this.excluded = excludeModules.stream()
                .map(JarClasses::withoutEnd)
                .filter(prefix -> !prefix.isEmpty())
                .map(prefix -> prefix.replace('.', '/'))
                .toList();
        try {
            for (Path file : files) {
                for (Path each : ClassPath.of(file)) {
                    jars.add(new JarFile(each.toFile(), false, ZipFile.OPEN_READ, WORKERS));
                }
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** {@code com.acme}, {@code com.acme.} and {@code com.acme.*} mean the same. */
    private static String withoutEnd(String prefix) {
        String text = prefix.endsWith("*") ? prefix.substring(0, prefix.length() - 1) : prefix;
        return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    }

    /** A class that no worker can load. */
    static final class UnusableClassException extends Exception {

        private static final long serialVersionUID = 1L;

        private final String detail;

        UnusableClassException(String detail, @Nullable Throwable cause) {
            super(detail, cause);
            this.detail = detail;
        }

        /** A sentence for people. */
        String detail() {
            return detail;
        }
    }

    /** The class of that name; nothing if there is none. */
    Optional<ClassFacts> find(String name) throws UnusableClassException {
        Optional<ClassFacts> known = found.get(name);
        if (known == null) {
            known = load(name);
            found.put(name, known);
        }
        return known;
    }

    /** Whether the jar has the class, but must not provide it. */
    boolean isExcludedFromJar(String name) {
        return excludes(name) && jars.stream().anyMatch(jar -> jar.getEntry(name + ".class") != null);
    }

    /** The classes that a nested class is in, from inside out. */
    List<ClassFacts> outer(ClassFacts type) throws UnusableClassException {
        List<ClassFacts> all = new ArrayList<>();
        String name = type.outer();
        while (name != null && all.size() < MAX_NESTING) {
            Optional<ClassFacts> outer = find(name);
            outer.ifPresent(all::add);
            name = outer.map(ClassFacts::outer).orElse(null);
        }
        return all;
    }

    /** The class, its super classes and its interfaces, as far as they are to be found; nearer ones first. */
    List<ClassFacts> hierarchy(ClassFacts type) throws UnusableClassException {
        Map<String, ClassFacts> all = new LinkedHashMap<>();
        ArrayDeque<ClassFacts> next = new ArrayDeque<>(List.of(type));
        all.put(type.internalName(), type);
        while (!next.isEmpty()) {
            for (String name : next.removeFirst().supertypes()) {
                Optional<ClassFacts> above = all.containsKey(name) ? Optional.empty() : find(name);
                if (above.isPresent()) {
                    if (all.size() == MAX_SUPERTYPES) {
                        throw new UnusableClassException(
                                "The class " + type.name() + " has more than " + MAX_SUPERTYPES + " supertypes.", null);
                    }
                    all.put(name, above.get());
                    next.addLast(above.get());
                }
            }
        }
        return List.copyOf(all.values());
    }

    private Optional<ClassFacts> load(String name) throws UnusableClassException {
        String shown = ClassFacts.shown(name);
        byte[] bytes;
        try {
            bytes = bytes(name);
            if (bytes == null) {
                return Optional.empty();
            }
        } catch (IOException e) {
            throw new UnusableClassException("The class file of " + shown + " cannot be read.", e);
        }
        read += bytes.length;
        if (bytes.length > MAX_CLASS || read > MAX_READ) {
            throw new UnusableClassException("The class file of " + shown
                    + " is too large, or those of its supertypes are.", null);
        }
        checkVersion(shown, bytes);
        try {
            ClassFacts facts = ClassFacts.read(bytes);
            return facts.internalName().equals(name) ? Optional.of(facts) : Optional.empty();
        } catch (RuntimeException e) {
            // The parser promises no one kind of exception for what is hostile.
            throw new UnusableClassException("The class file of " + shown + " is damaged.", e);
        }
    }

    private static void checkVersion(String shown, byte[] bytes) throws UnusableClassException {
        if (bytes.length < 8 || ByteBuffer.wrap(bytes).getInt(0) != MAGIC) {
            throw new UnusableClassException("The class file of " + shown + " is damaged.", null);
        }
        int minor = Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(4));
        int major = Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(6));
        int workers = NEWEST_CLASS_FILE - JAVA_OFFSET;
        if (major > NEWEST_CLASS_FILE) {
            throw new UnusableClassException("The class " + shown + " was compiled for Java " + (major - JAVA_OFFSET)
                    + "; workers have Java " + workers + ".", null);
        }
        if (major >= FIRST_PREVIEW && minor == PREVIEW) {
            throw new UnusableClassException("The class " + shown + " uses preview features of Java "
                    + (major - JAVA_OFFSET) + "; workers have Java " + workers + " without them.", null);
        }
    }

    private byte @Nullable [] bytes(String name) throws IOException {
        int slash = name.lastIndexOf('/');
        String file = name + ".class";
        if (name.startsWith("java/") || (slash > 0 && PLATFORM_PACKAGES.contains(name.substring(0, slash)))) {
            try (InputStream in = PLATFORM.getResourceAsStream(file)) {
                if (in != null) {
                    return in.readAllBytes();
                }
            }
            if (name.startsWith("java/")) {
                return null;
            }
            // A package of the platform may have more classes in the jar.
        }
        for (JarFile jar : excludes(name) ? List.<JarFile>of() : jars) {
            ZipEntry entry = jar.getEntry(file);
            if (entry != null) {
                try (InputStream in = jar.getInputStream(entry)) {
                    return in.readNBytes(MAX_CLASS + 1);
                }
            }
        }
        return null;
    }

    private boolean excludes(String name) {
        return excluded.stream()
                .anyMatch(prefix -> name.startsWith(prefix) && (name.length() == prefix.length()
                        || name.charAt(prefix.length()) == '/' || name.charAt(prefix.length()) == '$'));
    }

    @Override
    public void close() throws IOException {
        for (JarFile jar : jars) {
            jar.close();
        }
    }
}
