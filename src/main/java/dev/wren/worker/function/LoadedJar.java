package dev.wren.worker.function;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Sha256;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.worker.binding.Binders;
import dev.wren.worker.loader.FunctionLoaders;
import dev.wren.worker.loader.JarLoader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A class path in a class loader of its own, and the functions that were made of it. For one thread. */
final class LoadedJar implements AutoCloseable {

    private static final int MAX_FUNCTIONS = 16;

    private final JarLoader loader;
    private final Binders binders;
    private final Clock clock;
    private final Map<String, LoadedFunction> functions = new LinkedHashMap<>(16, 0.75f, true) {

        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, LoadedFunction> eldest) {
            return size() > MAX_FUNCTIONS;
        }
    };

    private LoadedJar(JarLoader loader, Binders binders, Clock clock) {
        this.loader = loader;
        this.binders = binders;
        this.clock = clock;
    }

    /**
     * Opens the jars, and makes sure that they are those that were asked for.
     *
     * @param jars with the paths of the files
     */
    static LoadedJar open(List<Invocation.Jar> jars, List<String> excludeModules, int nestingLimit,
            int resultLimit, Clock clock)
            throws SetupException {
        try {
            List<Path> files = new ArrayList<>(jars.size());
            for (Invocation.Jar jar : jars) {
                files.addAll(ClassPath.of(Path.of(jar.location())));
            }
            JarLoader loader = new JarLoader(files, excludeModules);
            boolean mine = false;
            try {
                // Opens the files before their bytes are looked at: what replaces them afterwards is never read.
                boolean _ = loader.findResources("META-INF/no-such").hasMoreElements();
                for (Invocation.Jar jar : jars) {
                    check(jar);
                }
                mine = true;
                return new LoadedJar(loader, new Binders(loader, nestingLimit, resultLimit), clock);
            } finally {
                if (!mine) {
                    loader.close();
                }
            }
        } catch (NoSuchFileException e) {
            throw new SetupException(CallError.of(ErrorCode.RUNTIME, "the jar is not there: " + e.getMessage()), e);
        } catch (IOException e) {
            throw new SetupException(CallError.of(ErrorCode.RUNTIME, "the jar cannot be read: " + e), e);
        }
    }

    private static void check(Invocation.Jar jar) throws IOException, SetupException {
        String found = Sha256.of(Path.of(jar.location()));
        if (!found.equals(jar.sha256())) {
            throw new SetupException(CallError.of(ErrorCode.RUNTIME,
                    "the jar has changed: its SHA-256 is " + found + " and not " + jar.sha256()));
        }
    }

    /** What a function is known by. */
    private static String key(String handler, String arguments) {
        return handler + " " + arguments;
    }

    ClassLoader loader() {
        return loader;
    }

    /** The function of that name and arguments, if it has been made before. */
    @Nullable
    LoadedFunction ready(String handler, String arguments) {
        return functions.get(key(handler, arguments));
    }

    /** Whether no function has been made of it. */
    boolean isUnused() {
        return functions.isEmpty();
    }

    /** Makes the function of that name; this runs the user's initialisers and constructor. */
    LoadedFunction make(String handler, String arguments) throws SetupException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        FunctionLoaders.enter(loader);
        try {
            LoadedFunction function = new LoadedFunction(this,
                    new HandlerResolver(loader, binders, clock).resolve(handler, arguments));
            functions.put(key(handler, arguments), function);
            return function;
        } catch (Throwable t) {
            throw new SetupException(Failures.ofSetup(t, loader), t);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() throws IOException {
        functions.clear();
        FunctionLoaders.leave(loader);
        loader.close();
    }
}
