package fn;

import java.util.function.Function;

/** What a function sees of the class path around it. */
public class Loaders implements Function<String, String> {
    @Override
    public String apply(String className) {
        try {
            Class<?> found = Class.forName(className);
            ClassLoader loader = found.getClassLoader();
            return loader == null ? "boot" : loader.getName();
        } catch (ClassNotFoundException e) {
            return "none";
        }
    }

    public static boolean contextLoaderIsMine(Object x) {
        return Thread.currentThread().getContextClassLoader() == Loaders.class.getClassLoader();
    }
}
