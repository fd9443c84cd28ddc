package dev.wren.worker.binding;

import dev.wren.worker.loader.JarLoader;
import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/**
 * The Jackson that a jar brings, of version 2 or 3, with the modules that are in the jar. It is as strict as the worker's own,
 * as far as its version can be; what it writes is looked at. By reflection: its classes are not the worker's, even where
 * their names are. For one thread.
 */
final class JarsJackson {

    private static final byte[] PROBE = "{\"a\":[1,2.5,\"x\",null,true]}".getBytes(StandardCharsets.UTF_8);
    private static final int UNLIMITED = Integer.MAX_VALUE;
    private static final List<String> ON = List.of("FAIL_ON_UNKNOWN_PROPERTIES", "FAIL_ON_NULL_FOR_PRIMITIVES",
            "FAIL_ON_TRAILING_TOKENS", "USE_BIG_DECIMAL_FOR_FLOATS");

    private final Reflection jackson;
    private final JsonCheck check;
    private final Object mapper;
    private final Object types;

    private JarsJackson(Reflection jackson, Object mapper, JsonCheck check) throws ReflectiveOperationException {
        this.jackson = jackson;
        this.mapper = mapper;
        this.check = check;
        this.types = jackson.get(mapper, "getTypeFactory");
    }

    /** Jackson 2, if the jar brings it. */
    static @Nullable JarsJackson second(JarLoader loader, int nestingLimit, JsonCheck check) {
        return loader.brings(JarLoader.MAPPER_2)
                ? made(new Reflection(loader, "com.fasterxml.jackson."), check,
                        jackson -> mapper2(jackson, nestingLimit))
                : null;
    }

    /** Jackson 3, if the jar brings it. */
    static @Nullable JarsJackson third(JarLoader loader, int nestingLimit, JsonCheck check) {
        return loader.brings(JarLoader.MAPPER_3)
                ? made(new Reflection(loader, "tools.jackson."), check, jackson -> mapper3(jackson, nestingLimit))
                : null;
    }

    private interface Making {
        Object mapper(Reflection jackson) throws ReflectiveOperationException;
    }

    private static @Nullable JarsJackson made(Reflection jackson, JsonCheck check, Making making) {
        try {
            JarsJackson made = new JarsJackson(jackson, making.mapper(jackson), check);
            return made.works() ? made : null;
        } catch (ReflectiveOperationException | LinkageError | ClassCastException | IllegalArgumentException _) {
            // Something that has the names of Jackson's classes, or a part of it.
            return null;
        }
    }

    private boolean works() {
        try {
            Binder any = binder(Object.class, Object.class);
            Object value = any.bind(PROBE, 0, PROBE.length);
            ValueBuffer out = new ValueBuffer(2 * PROBE.length);
            any.write(value, out);
            return value instanceof Map && Arrays.equals(PROBE, out.toByteArray());
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Throwable _) {
            return false;
        }
    }

    private static Object mapper2(Reflection jackson, int nestingLimit) throws ReflectiveOperationException {
        Object factory = jackson.make("core.JsonFactory");
        jackson.tries(() -> jackson.get(factory, "setStreamReadConstraints", constraints(jackson, nestingLimit)));
        Object mapper = jackson.type("databind.ObjectMapper").getConstructor(jackson.type("core.JsonFactory"))
                .newInstance(factory);
        for (String feature : ON) {
            jackson.set(mapper, "databind.DeserializationFeature", feature, true);
        }
        jackson.set(mapper, "databind.DeserializationFeature", "ACCEPT_FLOAT_AS_INT", false);
        jackson.set(mapper, "databind.DeserializationFeature", "FAIL_ON_NUMBERS_FOR_ENUMS", true);
        jackson.set(mapper, "databind.MapperFeature", "ALLOW_COERCION_OF_SCALARS", false);
        jackson.set(mapper, "databind.SerializationFeature", "WRITE_DATES_AS_TIMESTAMPS", false);
        jackson.set(mapper, "databind.SerializationFeature", "WRITE_DURATIONS_AS_TIMESTAMPS", false);
        jackson.set(mapper, "core.JsonGenerator$Feature", "QUOTE_NON_NUMERIC_NUMBERS", false);
        // Numbers keep their digits in trees too.
        jackson.tries(() -> jackson.get(mapper, "setNodeFactory",
                jackson.type("databind.node.JsonNodeFactory").getConstructor(boolean.class).newInstance(true)));
        // Since 2.12.
        jackson.tries(() -> {
            strict(jackson, jackson.get(mapper, "coercionConfigDefaults"));
            integersAsFloats(jackson, jackson.get(mapper, "coercionConfigFor",
                    jackson.constant("databind.type.LogicalType", "Float")));
        });
        modules(jackson, jackson.type("databind.Module"), module -> jackson.get(mapper, "registerModule", module));
        return mapper;
    }

    private static Object mapper3(Reflection jackson, int nestingLimit) throws ReflectiveOperationException {
        Object factory = jackson.get(jackson.type("core.json.JsonFactory"), "builder");
        jackson.tries(() -> jackson.get(factory, "streamReadConstraints", constraints(jackson, nestingLimit)));
        Object builder = jackson.get(jackson.type("databind.json.JsonMapper"), "builder",
                jackson.get(factory, "build"));
        for (String feature : ON) {
            jackson.set(builder, "databind.DeserializationFeature", feature, true);
        }
        jackson.set(builder, "databind.DeserializationFeature", "ACCEPT_FLOAT_AS_INT", false);
        jackson.set(builder, "databind.MapperFeature", "ALLOW_COERCION_OF_SCALARS", false);
        jackson.set(builder, "databind.MapperFeature", "SORT_PROPERTIES_ALPHABETICALLY", false);
        jackson.set(builder, "databind.cfg.EnumFeature", "READ_ENUMS_USING_TO_STRING", false);
        jackson.set(builder, "databind.cfg.EnumFeature", "WRITE_ENUMS_USING_TO_STRING", false);
        jackson.set(builder, "databind.cfg.EnumFeature", "FAIL_ON_NUMBERS_FOR_ENUMS", true);
        jackson.set(builder, "core.json.JsonWriteFeature", "WRITE_NAN_AS_STRINGS", false);
        jackson.tries(() -> {
            Consumer<Object> strict = each -> jackson.tries(() -> strict(jackson, each));
            Consumer<Object> floats = each -> jackson.tries(() -> integersAsFloats(jackson, each));
            jackson.get(builder, "withCoercionConfigDefaults", strict);
            jackson.get(builder, "withCoercionConfig", jackson.constant("databind.type.LogicalType", "Float"), floats);
        });
        // One by one: what is wrong with a module shows when it is built in.
        AtomicReference<Object> mapper = new AtomicReference<>(jackson.get(builder, "build"));
        modules(jackson, jackson.type("databind.JacksonModule"), module -> mapper.set(jackson.get(
                jackson.get(jackson.get(mapper.get(), "rebuild"), "addModule", module), "build")));
        return mapper.get();
    }

    /** Since 2.15; before, there were no such bounds. */
    private static Object constraints(Reflection jackson, int nestingLimit) throws ReflectiveOperationException {
        Object all = jackson.get(jackson.type("core.StreamReadConstraints"), "builder");
        jackson.tries(() -> jackson.get(all, "maxNestingDepth", nestingLimit + 1));
        jackson.tries(() -> jackson.get(all, "maxNumberLength", UNLIMITED));
        jackson.tries(() -> jackson.get(all, "maxStringLength", UNLIMITED));
        jackson.tries(() -> jackson.get(all, "maxNameLength", UNLIMITED));
        return jackson.get(all, "build");
    }

    private static void strict(Reflection jackson, Object config) throws ReflectiveOperationException {
        Object fail = jackson.constant("databind.cfg.CoercionAction", "Fail");
        for (Object shape : jackson.type("databind.cfg.CoercionInputShape").getEnumConstants()) {
            jackson.get(config, "setCoercion", shape, fail);
        }
    }

    private static void integersAsFloats(Reflection jackson, Object config) throws ReflectiveOperationException {
        jackson.get(config, "setCoercion", jackson.constant("databind.cfg.CoercionInputShape", "Integer"),
                jackson.constant("databind.cfg.CoercionAction", "TryConvert"));
    }

    private interface Adding {
        void add(Object module) throws ReflectiveOperationException;
    }

    /** One that does not fit the others in the jar is left out, as if it were not there, and that is said. */
    private static void modules(Reflection jackson, Class<?> type, Adding adding) {
        Iterator<?> all = ServiceLoader.load(type, jackson.loader()).iterator();
        while (true) {
            String name = "one";
            try {
                if (!all.hasNext()) {
                    return;
                }
                Object module = all.next();
                name = module.getClass().getName();
                adding.add(module);
            } catch (ServiceConfigurationError | LinkageError | ReflectiveOperationException e) {
                System.err.println("wren: of the Jackson modules in the jar " + name + " is left out: "
                        + (e.getCause() == null ? e : e.getCause()));
            }
        }
    }

    /** The binder of a function; {@code value} is what it is declared to return. */
    Binder binder(JavaType datum, JavaType value) {
        return binder(ReflectedTypes.of(datum),
                JsonBinding.isOfElements(value) ? ReflectedTypes.of(value) : Object.class);
    }

    private Binder binder(Type datum, Type value) {
        try {
            Object reader = jackson.get(mapper, "readerFor", javaType(datum));
            Object writer = value == Object.class
                    ? jackson.get(mapper, "writer")
                    : jackson.get(mapper, "writerFor", javaType(value));
            MethodHandle read = MethodHandles.publicLookup().unreflect(reader.getClass().getMethod("readValue",
                    byte[].class, int.class, int.class)).bindTo(reader)
                    .asType(MethodType.methodType(Object.class, byte[].class, int.class, int.class));
            MethodHandle write = MethodHandles.publicLookup().unreflect(writer.getClass().getMethod("writeValue",
                    OutputStream.class, Object.class)).bindTo(writer)
                    .asType(MethodType.methodType(void.class, OutputStream.class, Object.class));
            return new Reflected(read, write, check);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e.getCause() == null ? e : e.getCause());
        }
    }

    private Object javaType(Type type) throws ReflectiveOperationException {
        return types.getClass().getMethod("constructType", Type.class).invoke(types, type);
    }

    private record Reflected(MethodHandle read, MethodHandle write, JsonCheck check) implements Binder {

        @Override
        public @Nullable Object bind(byte[] json, int offset, int length) throws Throwable {
            return (Object) read.invokeExact(json, offset, length);
        }

        @Override
        public void write(@Nullable Object value, ValueBuffer out) throws Throwable {
            out.clear();
            write.invokeExact((OutputStream) out, value);
            check.check(out);
        }
    }
}
