package dev.wren.worker.binding;

import dev.wren.worker.loader.PlatformLoader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Type;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * AWS Lambda's own binding, for AWS Lambda's handlers: events as AWS sends them, anything else by that library's rules, which
 * ignore what they do not know. The library keeps what it has learnt of classes for good, so each jar has its own, which goes
 * with the jar. For one thread.
 */
final class LambdaBinding {

    private static final String LIBRARY = "com.amazonaws.services.lambda.runtime.serialization.";
    private static final String PARTS = "com.amazonaws.lambda.thirdparty.";
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private final ClassLoader functions;
    private final JsonCheck check;
    private final Reflection library = new Reflection(new Copy(), LIBRARY);

    /**
     * @param functions loader of the jar's classes
     */
    LambdaBinding(ClassLoader functions, JsonCheck check) {
        this.functions = functions;
        this.check = check;
    }

    /** The binder of a handler; {@code value} is what it is declared to return. */
    Binder binder(Type datum, Type value) {
        try {
            Class<?> serializer = library.type("PojoSerializer");
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            MethodHandle read = lookup
                    .findVirtual(serializer, "fromJson", MethodType.methodType(Object.class, InputStream.class))
                    .bindTo(serializer(datum)).asType(MethodType.methodType(Object.class, InputStream.class));
            MethodHandle write = lookup
                    .findVirtual(serializer, "toJson",
                            MethodType.methodType(void.class, Object.class, OutputStream.class))
                    .bindTo(serializer(value));
            return new Bound(read, write, check);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e.getCause() == null ? e : e.getCause());
        }
    }

    /** As AWS's runtime chooses it. */
    private Object serializer(Type type) throws ReflectiveOperationException {
        Class<?> events = library.type("events.LambdaEventSerializers");
        if (type instanceof Class<?> each
                && Boolean.TRUE.equals(library.get(events, "isLambdaSupportedEvent", each.getName()))) {
            return library.get(events, "serializerFor", each, functions);
        }
        Object factory = library.get(library.type("factories.JacksonFactory"), "getInstance");
        return factory.getClass().getMethod("getSerializer", Type.class).invoke(factory, type);
    }

    private record Bound(MethodHandle read, MethodHandle write, JsonCheck check) implements Binder {

        @Override
        public @Nullable Object bind(byte[] json, int offset, int length) throws Throwable {
            return (Object) read.invokeExact((InputStream) new ByteArrayInputStream(json, offset, length));
        }

        @Override
        public void write(@Nullable Object value, ValueBuffer out) throws Throwable {
            out.clear();
            if (value == null) {
                out.write(NULL, 0, NULL.length);
                return;
            }
            write.invokeExact(value, (OutputStream) out);
            check.check(out);
        }
    }

    /** The library's classes once more, of their own. */
    private static final class Copy extends ClassLoader {

        static {
            registerAsParallelCapable();
        }

        private final ClassLoader worker = LambdaBinding.class.getClassLoader();

        Copy() {
            super("wren-lambda-binding", PlatformLoader.INSTANCE);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (!name.startsWith(LIBRARY) && !name.startsWith(PARTS)) {
                throw new ClassNotFoundException(name);
            }
            try (InputStream in = worker.getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        protected @Nullable URL findResource(String name) {
            String dots = name.replace('/', '.');
            return dots.startsWith(LIBRARY) || dots.startsWith(PARTS) ? worker.getResource(name) : null;
        }
    }
}
