package dev.wren.worker.function;

import dev.wren.protocol.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The functions that this process has ready: those of the few jars it used last. Jars that are dropped are closed, and
 * their classes can be collected. For one thread.
 */
public final class Functions implements AutoCloseable {

    private static final int MAX_JARS = 4;

    private final LinkedHashMap<List<Object>, LoadedJar> jars = new LinkedHashMap<>(8, 0.75f, true);
    private final int nestingLimit;
    private final Clock clock;

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

    /** Loads what any function needs that binds and writes JSON. For a worker that waits for its first call. */
    public void warmUp() {
        JsonBinding json = new JsonBinding(PlatformLoader.INSTANCE, nestingLimit);
        for (Class<?> type : List.of(Object.class, Sample.class)) {
            byte[] datum = "{\"number\":1,\"text\":\"x\",\"real\":2.5,\"more\":[null]}"
                    .getBytes(StandardCharsets.UTF_8);
            Object value = json.reader(json.types().constructType(type)).readValue(datum);
            json.write(value, new ValueBuffer(datum.length * 2));
        }
    }

    private record Sample(int number, Optional<String> text, double real, List<Sample> more) {
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
        List<Object> key = key(invocation);
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

    /** Not a record: linking its hashCode costs milliseconds at the start of a worker. */
    private static List<Object> key(Invocation invocation) {
        return List.of(invocation.sha256(), invocation.excludeModules());
    }

    private static void close(LoadedJar jar) {
        try {
            jar.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
