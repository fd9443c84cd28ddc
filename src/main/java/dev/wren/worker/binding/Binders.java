package dev.wren.worker.binding;

import dev.wren.worker.loader.JarLoader;
import java.io.ByteArrayInputStream;
import java.lang.annotation.Annotation;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.type.TypeFactory;

/**
 * What binds the data of a jar's functions: the Jackson that the jar brings, with the modules that are in it, for which its
 * author has annotated; the worker's own where it brings none; AWS Lambda's for AWS Lambda's handlers. A class that only
 * looks like Jackson is passed over. For one thread.
 */
public final class Binders {

    private static final String JACKSON_2 = "com.fasterxml.jackson.";
    private static final String ANNOTATIONS_2 = "com.fasterxml.jackson.databind.annotation.";

    private final JarLoader loader;
    private final JsonBinding own;
    private final JsonCheck check;
    private final int resultLimit;
    private final int nestingLimit;
    private @Nullable JarsJackson second;
    private @Nullable JarsJackson third;
    private boolean looked;
    private @Nullable LambdaBinding lambda;

    /**
     * @param nestingLimit levels that JSON may have, at most, in and out
     * @param resultLimit bytes that a value may have, at most
     */
    public Binders(JarLoader loader, int nestingLimit, int resultLimit) {
        this.loader = loader;
        this.nestingLimit = nestingLimit;
        this.resultLimit = resultLimit;
        this.own = new JsonBinding(loader, nestingLimit);
        this.check = new JsonCheck(nestingLimit);
    }

    /** What knows the generic types of the jar's classes. */
    public TypeFactory types() {
        return own.types();
    }

    /** What a function's second parameter says of its call. */
    public Map<String, @Nullable Object> metadata(CallInfo call) {
        return own.metadata(call);
    }

    /**
     * The binder of a function.
     *
     * @param value what it is declared to return
     */
    public Binder of(JavaType datum, JavaType value) {
        if (!looked) {
            looked = true;
            third = JarsJackson.third(loader, nestingLimit, check);
            second = JarsJackson.second(loader, nestingLimit, check);
        }
        JarsJackson found = third == null || (second != null && (isOfSecond(datum) || isOfSecond(value)))
                ? second
                : third;
        return found == null ? own.binder(datum, value) : found.binder(datum, value);
    }

    /** Whether a type says that it is meant for Jackson 2, in a jar that brings both. */
    private static boolean isOfSecond(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (raw.getName().startsWith(JACKSON_2)) {
            return true;
        }
        for (Annotation annotation : raw.getAnnotations()) {
            if (annotation.annotationType().getName().startsWith(ANNOTATIONS_2)) {
                return true;
            }
        }
        JavaType content = type.getContentType();
        return content != null && isOfSecond(content);
    }

    /** The binder of a handler of AWS Lambda's. */
    public Binder ofLambda(JavaType datum, JavaType value) {
        LambdaBinding known = lambda;
        if (known == null) {
            known = new LambdaBinding(loader, check);
            lambda = known;
        }
        return known.binder(ReflectedTypes.of(datum), ReflectedTypes.of(value));
    }

    /** The binder of a function that reads its datum from a stream, and whose value is what it has written to one. */
    public Binder ofStreams() {
        return new Binder() {
            @Override
            public Object bind(byte[] json, int offset, int length) {
                return new ByteArrayInputStream(Arrays.copyOfRange(json, offset, offset + length));
            }

            @Override
            public void write(@Nullable Object value, ValueBuffer out) {
                out.clear();
                if (value instanceof ValueBuffer written) {
                    out.write(written.array(), 0, written.size());
                }
                check.check(out);
            }
        };
    }

    /** The texts of a JSON array's elements. */
    public List<byte[]> elements(String array) {
        return own.elements(array);
    }

    /** What a function writes its value to. */
    public ValueBuffer newValue() {
        return new ValueBuffer(resultLimit);
    }
}
