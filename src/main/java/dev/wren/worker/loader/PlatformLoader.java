package dev.wren.worker.loader;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a user's jar sees beside itself: the JDK, and the interfaces of AWS Lambda. Nothing else of the worker is
 * visible through it, so that a jar may bring any version of any library.
 */
public final class PlatformLoader extends ClassLoader {

    static {
        registerAsParallelCapable();
    }

    /** The only one. */
    public static final PlatformLoader INSTANCE = new PlatformLoader();

    private static final String LAMBDA = "com.amazonaws.services.lambda.runtime";
    private static final String LAMBDA_LOGGING = LAMBDA + ".logging";
    private static final String CLIENT = "dev.wren.client.";
    private static final String ANNOTATIONS = "com.fasterxml.jackson.annotation.";

    private final Set<String> packages = new HashSet<>();
    private final ClassLoader worker = PlatformLoader.class.getClassLoader();

    private PlatformLoader() {
        super("wren-platform", getPlatformClassLoader());
        for (Module module : ModuleLayer.boot().modules()) {
            ClassLoader loader = module.getClassLoader();
            if (loader == null || loader.equals(getPlatformClassLoader())) {
                packages.addAll(module.getPackages());
            }
        }
    }

    /** Whether a class of that name is taken from here first, even when the jar has one too. */
    boolean owns(String className) {
        if (className.startsWith("java.")) {
            return true;
        }
        int dot = className.lastIndexOf('.');
        if (dot < 0) {
            return false;
        }
        String packageName = className.substring(0, dot);
        return isLambda(packageName) || packages.contains(packageName);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        int dot = name.lastIndexOf('.');
        if (dot > 0 && isLambda(name.substring(0, dot))) {
            return worker.loadClass(name);
        }
        throw new ClassNotFoundException(name);
    }

    /** Whether it is a name of an annotation of Jackson's, of version 2 and 3 alike. */
    static boolean isAnnotation(String className) {
        return className.startsWith(ANNOTATIONS);
    }

    /**
     * Whether it is a name of the client's types. A program that maps its own functions names them, and leaves the client at
     * home: so its classes are linked with those that the worker has, which do nothing here.
     */
    static boolean isOfClient(String className) {
        return className.startsWith(CLIENT) && className.indexOf('.', CLIENT.length()) < 0;
    }

    /** The worker's own class of that name; null if it has none. */
    @Nullable
    Class<?> lend(String className) {
        try {
            return worker.loadClass(className);
        } catch (ClassNotFoundException _) {
            return null;
        }
    }

    private static boolean isLambda(String packageName) {
        return packageName.equals(LAMBDA) || packageName.equals(LAMBDA_LOGGING);
    }
}
