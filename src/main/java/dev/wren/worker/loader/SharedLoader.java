package dev.wren.worker.loader;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.net.URL;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;

/**
 * What the JDK gives to threads that inherit nothing, those of an HTTP client for example: the classes of the function that
 * runs, then the worker's. Once it has given a function's class, the Java machine keeps that class for its name, so that the
 * process is for functions of that jar alone. Safe for use by several threads.
 */
public final class SharedLoader extends ClassLoader {

    static {
        registerAsParallelCapable();
    }

    private static volatile boolean served;

    private SharedLoader(ClassLoader worker) {
        super("wren-shared", worker);
    }

    /** Makes it the system class loader, where the JDK is open enough: {@code --add-opens java.base/java.lang=ALL-UNNAMED}. */
    static void install() {
        try {
            MethodHandles.privateLookupIn(ClassLoader.class, MethodHandles.lookup())
                    .findStaticVarHandle(ClassLoader.class, "scl", ClassLoader.class)
                    .setVolatile((ClassLoader) new SharedLoader(SharedLoader.class.getClassLoader()));
        } catch (ReflectiveOperationException _) {
            // Such threads see the worker's classes alone.
        }
    }

    /** Whether the process is for one jar alone from now on. */
    public static boolean hasServed() {
        return served;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        ClassLoader function = FunctionLoaders.current();
        if (function != null) {
            try {
                Class<?> found = function.loadClass(name);
                served |= function.equals(found.getClassLoader());
                return found;
            } catch (ClassNotFoundException _) {
                // One of the worker's.
            }
        }
        return super.loadClass(name, resolve);
    }

    @Override
    public @Nullable URL getResource(String name) {
        ClassLoader function = FunctionLoaders.current();
        URL found = function == null ? null : function.getResource(name);
        return found != null ? found : super.getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        ClassLoader function = FunctionLoaders.current();
        return function == null ? super.getResources(name) : function.getResources(name);
    }
}
