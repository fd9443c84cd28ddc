package dev.wren.worker.function;

import dev.wren.protocol.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLConnection;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions that this process has ready: those of the few jars it used last. Jars that are dropped are closed, and
 * their classes can be collected. For one thread.
 */
public final class Functions implements AutoCloseable {

    private static final int MAX_JARS = 4;

    private final LinkedHashMap<Key, LoadedJar> jars = new LinkedHashMap<>(8, 0.75f, true);
    private final int nestingLimit;
    private final Clock clock;

    private record Key(String sha256, List<String> excludeModules) {
    }

    /**
     * @param nestingLimit levels of nesting of a datum or a value
     * @param clock what functions are told the time left by
     */
    public Functions(int nestingLimit, Clock clock) {
        this.nestingLimit = nestingLimit;
        this.clock = clock;
        // A cached jar connection would keep a dropped jar's file open.
        URLConnection.setDefaultUseCaches("jar", false);
    }

    /** The function that {@code invocation} names, or null if it has to be {@linkplain #load loaded}. */
    public @Nullable LoadedFunction ready(Invocation invocation) {
        LoadedJar jar = jars.get(key(invocation));
        return jar == null ? null : jar.ready(invocation.handler());
    }

    /**
     * Makes the function ready that {@code invocation} names. This runs the user's initialisers and constructor.
     *
     * @throws SetupException when that fails, for whatever reason
     */
    public LoadedFunction load(Invocation invocation) throws SetupException {
        Key key = key(invocation);
        LoadedJar jar = jars.get(key);
        if (jar == null) {
            jar = LoadedJar.open(Path.of(invocation.jar()), invocation.sha256(), invocation.excludeModules(),
                    nestingLimit, clock);
            jars.put(key, jar);
            if (jars.size() > MAX_JARS) {
                close(jars.pollFirstEntry().getValue());
            }
        }
        try {
            return jar.make(invocation.handler());
        } catch (SetupException e) {
            // A class whose initialiser has failed stays broken; the next attempt shall tell the same story.
            if (jar.isUnused()) {
                jars.remove(key);
                close(jar);
            }
            throw e;
        }
    }

    @Override
    public void close() {
        while (!jars.isEmpty()) {
            close(jars.pollFirstEntry().getValue());
        }
    }

    private static Key key(Invocation invocation) {
        return new Key(invocation.sha256(), invocation.excludeModules());
    }

    private static void close(LoadedJar jar) {
        try {
            jar.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
