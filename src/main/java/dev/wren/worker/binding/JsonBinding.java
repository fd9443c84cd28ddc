package dev.wren.worker.binding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.LogicalType;
import tools.jackson.databind.type.TypeFactory;

/**
 * Between JSON and a user's types: strict, no coercion, numbers keep their digits. One for each class loader, because
 * Jackson caches what it knows of a class, and a class loader that is in a cache is never collected.
 */
public final class JsonBinding {

    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final JsonMapper mapper;
    private final ObjectReader objects;
    private final ObjectWriter writer;

    /**
     * @param loader where the user's types come from
     * @param nestingLimit levels of a datum or a value
     */
    public JsonBinding(ClassLoader loader, int nestingLimit) {
        JsonFactory factory = JsonFactory.builder()
                // The default pool is shared, and slower for two threads than for one on small values.
                .recyclerPool(JsonRecyclerPools.threadLocalPool())
                // The datum's size has been checked before; one level more for the array of values of a reduce.
                .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(nestingLimit + 1)
                        .maxDocumentLength(-1).maxTokenCount(-1).maxNumberLength(UNLIMITED)
                        .maxStringLength(UNLIMITED).maxNameLength(UNLIMITED).build())
                .streamWriteConstraints(StreamWriteConstraints.builder().maxNestingDepth(nestingLimit).build())
                .addDecorator((_, generator) -> new FiniteGenerator(generator)).build();
        mapper = JsonMapper.builder(factory)
                .typeFactory(TypeFactory.createDefaultInstance().withClassLoader(loader))
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                        DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                        DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                        DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS, MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                .disable(EnumFeature.READ_ENUMS_USING_TO_STRING, EnumFeature.WRITE_ENUMS_USING_TO_STRING)
                .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .withCoercionConfigDefaults(all -> {
                    for (CoercionInputShape shape : CoercionInputShape.values()) {
                        all.setCoercion(shape, CoercionAction.Fail);
                    }
                })
                // JSON has one kind of number: 5 is as good a double as 5.0.
                .withCoercionConfig(LogicalType.Float,
                        floats -> floats.setCoercion(CoercionInputShape.Integer, CoercionAction.TryConvert))
                .addModule(new SimpleModule("wren").setDeserializerModifier(new StrictDeserializers())).build();
        objects = mapper.readerFor(Object.class);
        writer = mapper.writer();
    }

    /** Of the types that this binding knows. */
    public TypeFactory types() {
        return mapper.getTypeFactory();
    }

    /** Reader and writer of one function's data and values. */
    private record Own(ObjectReader reader, ObjectWriter writer) implements Binder {

        @Override
        public @Nullable Object bind(byte[] json, int offset, int length) {
            return reader.readValue(json, offset, length);
        }

        @Override
        public void write(@Nullable Object value, ValueBuffer out) {
            out.clear();
            writer.writeValue(out, value);
            if (hasLoneSurrogate(out.array(), out.size())) {
                throw new StreamWriteException(null, "a string has half of a surrogate pair, which is no character");
            }
        }
    }

    /**
     * What binds data to a type, and writes values; it throws Jackson's exceptions.
     *
     * @param value what values are declared to be
     */
    public Binder binder(JavaType datum, JavaType value) {
        return new Own(mapper.readerFor(datum), isOfElements(value) ? mapper.writerFor(value) : writer);
    }

    /**
     * Whether the declared type is needed to write a value: that of elements may ask for names of types, which elements
     * alone do not tell. All else is what it is.
     */
    static boolean isOfElements(JavaType value) {
        return (value.isContainerType() || value.isReferenceType()) && !value.getContentType().isJavaLangObject();
    }

    /** The texts of a JSON array's elements, as they were given. */
    List<byte[]> elements(String array) {
        byte[] bytes = array.getBytes(StandardCharsets.UTF_8);
        List<byte[]> all = new ArrayList<>();
        try (JsonParser parser = mapper.createParser(bytes)) {
            parser.nextToken();
            int start = -1;
            while (true) {
                boolean over = parser.nextToken() == JsonToken.END_ARRAY;
                int at = (int) parser.currentTokenLocation().getByteOffset();
                if (start >= 0) {
                    // The comma and what is around it are no matter to whoever reads one value.
                    all.add(Arrays.copyOfRange(bytes, start, over ? at : comma(bytes, at)));
                }
                if (over) {
                    return all;
                }
                start = at;
                parser.skipChildren();
                parser.finishToken();
            }
        }
    }

    private static int comma(byte[] json, int before) {
        int at = before - 1;
        while (json[at] != ',') {
            at--;
        }
        return at;
    }

    /** What a function's second parameter says of its call. A new map each time: it is the function's. */
    Map<String, @Nullable Object> metadata(CallInfo call) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("callsetId", call.callsetId());
        map.put("callId", call.callId());
        map.put("extraMeta",
                "{}".equals(call.extraMeta()) ? new LinkedHashMap<>() : objects.readValue(call.extraMeta()));
        return map;
    }

    /**
     * Whether JSON that Jackson wrote has the escape of half a surrogate pair. It escapes only those that it cannot
     * write as a character, and a pair that fell on the border of its buffer.
     */
    static boolean hasLoneSurrogate(byte[] json, int size) {
        boolean high = false;
        for (int i = 0; i < size; i++) {
            if (json[i] != '\\') {
                if (high) {
                    return true;
                }
                continue;
            }
            int kind = i + 3 < size && json[i + 1] == 'u' && (json[i + 2] | 0x20) == 'd' ? json[i + 3] | 0x20 : 0;
            boolean isHigh = kind == ('8' | 0x20) || kind == ('9' | 0x20) || kind == 'a' || kind == 'b';
            boolean isLow = kind >= 'c' && kind <= 'f';
            if (high != isLow) {
                return true;
            }
            high = isHigh;
            i += isHigh || isLow ? 5 : 1;
        }
        return high;
    }
}
