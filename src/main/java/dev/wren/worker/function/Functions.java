package dev.wren.worker.function;

import dev.wren.protocol.Invocation;
import dev.wren.worker.binding.Binder;
import dev.wren.worker.binding.JsonBinding;
import dev.wren.worker.binding.ValueBuffer;
import dev.wren.worker.loader.PlatformLoader;
import dev.wren.worker.loader.SharedLoader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.type.TypeFactory;

/**
 * The functions that this process has ready: those of the few class paths it used last. Those that are dropped are closed,
 * and their classes can be collected. For one thread.
 */
public final class Functions implements AutoCloseable {

    private static final int MAX_JARS = 4;

    private final LinkedHashMap<List<Object>, LoadedJar> jars = new LinkedHashMap<>(8, 0.75f, true);
    private final int nestingLimit;
    private final int resultLimit;
    private final Clock clock;

    /**
     * @param nestingLimit levels of nesting of a datum or a value
     * @param resultLimit bytes of JSON that a value may have
     * @param clock what functions are told the time left by
     */
    public Functions(int nestingLimit, int resultLimit, Clock clock) {
        this.nestingLimit = nestingLimit;
        this.resultLimit = resultLimit;
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
            Binder binder = json.binder(json.types().constructType(type), TypeFactory.unknownType());
            try {
                binder.write(binder.bind(datum, 0, datum.length), new ValueBuffer(datum.length * 2));
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private record Sample(int number, Optional<String> text, double real, List<Sample> more) {
    }

    /** The function that {@code invocation} names, or null if it has to be {@linkplain #load loaded}. */
    public @Nullable LoadedFunction ready(Invocation invocation) {
        LoadedJar jar = jars.get(key(invocation));
        return jar == null ? null : jar.ready(invocation.handler(), invocation.arguments());
    }

    /** Why the function that {@code invocation} names cannot be had in this process any more, or null if it can. */
    public @Nullable String refuses(Invocation invocation) {
        return SharedLoader.hasServed() && !jars.containsKey(key(invocation))
                ? "a thread of the JDK's has seen the classes of another jar"
                : null;
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
            jar = LoadedJar.open(invocation.jars(), invocation.excludeModules(), nestingLimit, resultLimit, clock);
            jars.put(key, jar);
            if (jars.size() > MAX_JARS) {
                close(jars.pollFirstEntry().getValue());
            }
        }
        try {
            return jar.make(invocation.handler(), invocation.arguments());
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
        return List.of(invocation.contents(), invocation.excludeModules());
    }

    private static void close(LoadedJar jar) {
        try {
            jar.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
