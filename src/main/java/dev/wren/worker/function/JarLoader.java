package dev.wren.worker.function;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The class loader of a user's jar: the jar first, except for what belongs to the JDK or to AWS Lambda's interfaces.
 * Safe for use by several threads.
 */
final class JarLoader extends URLClassLoader {

    static {
        registerAsParallelCapable();
    }

    private final List<String> excluded;

    /**
     * @param jar the file
     * @param excludeModules package prefixes whose classes are not taken from the jar
     */
    JarLoader(Path jar, List<String> excludeModules) throws IOException {
        super(new URL[] {jar.toUri().toURL()}, PlatformLoader.INSTANCE);
        excluded = excludeModules.stream().map(JarLoader::withoutEnd).filter(prefix -> !prefix.isEmpty()).toList();
    }

    /** Whether the class of that name (dots or slashes) is one that the jar must not provide. */
    boolean excludes(String className) {
        if (excluded.isEmpty()) {
            return false;
        }
        String name = className.replace('/', '.');
        for (String prefix : excluded) {
            if (name.startsWith(prefix) && (name.length() == prefix.length() || name.charAt(prefix.length()) == '.'
                    || name.charAt(prefix.length()) == '$')) {
                return true;
            }
        }
        return false;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                loaded = find(name);
            }
            if (resolve) {
                resolveClass(loaded);
            }
            return loaded;
        }
    }

    private Class<?> find(String name) throws ClassNotFoundException {
        if (PlatformLoader.INSTANCE.owns(name)) {
            try {
                return PlatformLoader.INSTANCE.loadClass(name);
            } catch (ClassNotFoundException e) {
                // A package of the platform may have more classes in the jar (Lambda's events, old XML libraries).
                if (name.startsWith("java.") || excludes(name)) {
                    throw e;
                }
            }
        } else if (excludes(name)) {
            throw new ClassNotFoundException(name + " (in excludeModules, so not taken from the jar)");
        }
        return findClass(name);
    }

    @Override
    public @Nullable URL getResource(String name) {
        URL own = findResource(name);
        return own != null ? own : PlatformLoader.INSTANCE.getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        List<URL> all = new ArrayList<>(Collections.list(findResources(name)));
        all.addAll(Collections.list(PlatformLoader.INSTANCE.getResources(name)));
        return Collections.enumeration(all);
    }

    /** {@code com.acme}, {@code com.acme.} and {@code com.acme.*} mean the same. */
    private static String withoutEnd(String prefix) {
        String text = prefix.endsWith("*") ? prefix.substring(0, prefix.length() - 1) : prefix;
        return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    }
}
