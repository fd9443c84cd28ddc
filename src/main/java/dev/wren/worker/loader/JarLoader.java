package dev.wren.worker.loader;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.reflect.AccessFlag;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The class loader of a user's jar and the jars in it: these first, except for what belongs to the JDK or to AWS Lambda's
 * interfaces, and for Jackson's annotations where the jar brings no Jackson that reads them.
 * Safe for use by several threads.
 */
public final class JarLoader extends URLClassLoader {

    static {
        registerAsParallelCapable();
    }

    /** The class that says that a jar brings Jackson 2. */
    public static final String MAPPER_2 = "com.fasterxml.jackson.databind.ObjectMapper";
    /** The class that says that a jar brings Jackson 3. */
    public static final String MAPPER_3 = "tools.jackson.databind.ObjectMapper";

    private static final int SHAPE = AccessFlag.ANNOTATION.mask() | AccessFlag.INTERFACE.mask()
            | AccessFlag.ENUM.mask();

    private final List<String> excluded;
    private final boolean lentAnnotations;

    /**
     * @param jars the files, in the order in which classes are looked for
     * @param excludeModules package prefixes whose classes are not taken from the jars
     */
    public JarLoader(List<Path> jars, List<String> excludeModules) throws IOException {
        super(urls(jars), PlatformLoader.INSTANCE);
        excluded = excludeModules.stream().map(JarLoader::withoutEnd).filter(prefix -> !prefix.isEmpty()).toList();
        lentAnnotations = !brings(MAPPER_2) && !brings(MAPPER_3);
    }

    private static URL[] urls(List<Path> jars) throws IOException {
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        return urls;
    }

    /** Whether the jars have the class of that name, and are to provide it. */
    public boolean brings(String className) {
        return !excludes(className) && findResource(file(className)) != null;
    }

    private static String file(String className) {
        return className.replace('.', '/') + ".class";
    }

    /** Whether the class of that name (dots or slashes) is one that the jar must not provide. */
    public boolean excludes(String className) {
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
        if (lentAnnotations && PlatformLoader.isAnnotation(name)) {
            Class<?> lent = lent(name);
            if (lent != null) {
                return lent;
            }
        }
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
        try {
            return findClass(name);
        } catch (ClassNotFoundException e) {
            Class<?> lent = PlatformLoader.isOfClient(name) ? PlatformLoader.INSTANCE.lend(name) : null;
            if (lent != null) {
                return lent;
            }
            throw e;
        }
    }

    /**
     * An annotation of Jackson's as the worker's own binding knows it, whatever version of it the jar has; null if there is
     * none, or what the jar has of that name is something else.
     */
    private @Nullable Class<?> lent(String name) throws ClassNotFoundException {
        Class<?> lent = PlatformLoader.INSTANCE.lend(name);
        if (lent == null || excludes(name)) {
            return lent;
        }
        URL own = findResource(file(name));
        if (own == null) {
            return lent;
        }
        try (InputStream in = own.openStream()) {
            int flags = ClassFile.of().parse(in.readAllBytes()).flags().flagsMask();
            return ((flags ^ lent.getModifiers()) & SHAPE) == 0 ? lent : null;
        } catch (IOException | IllegalArgumentException e) {
            throw new ClassNotFoundException(name, e);
        }
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
