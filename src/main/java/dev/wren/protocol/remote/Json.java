package dev.wren.protocol.remote;

import dev.wren.protocol.WireException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.JsonRecyclerPools;

/**
 * JSON as it is written and read here. It is ASCII: SQS takes only what XML takes, so neither U+0000 nor U+FFFE nor half
 * a surrogate pair. Of what is read, names that are not known are passed over: they are a newer version's.
 */
final class Json {

    /** No message is larger: the most that Lambda answers with. */
    private static final int MAX_TEXT = 8 << 20;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .recyclerPool(JsonRecyclerPools.threadLocalPool())
            .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(MAX_TEXT).build())
            .build();

    private Json() {
    }

    /** An object with what {@code fields} writes. */
    static byte[] write(Consumer<JsonGenerator> fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            fields.accept(json);
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /**
     * Reads an object.
     *
     * @param read is given each of its fields, and reads the value; for a name that it does not know it calls
     * {@link JsonParser#skipChildren}
     * @param made makes the result when all fields were read
     * @throws WireException when the bytes are no such object
     */
    static <T> T read(byte[] bytes, Fields read, Supplier<T> made) {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            json.nextToken();
            object(json, read);
            return made.get();
        } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
            throw new WireException("not a message of this protocol: " + e.getMessage());
        }
    }

    /** Reads the value of a field that the parser is at. */
    @FunctionalInterface
    interface Fields {
        void read(String name, JsonParser json);
    }

    /** Reads the object that the parser is at. */
    static void object(JsonParser json, Fields fields) {
        expect(json, JsonToken.START_OBJECT);
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            json.nextToken();
            fields.read(name, json);
        }
    }

    /** Reads the array that the parser is at. */
    static <T> List<T> array(JsonParser json, Supplier<T> element) {
        expect(json, JsonToken.START_ARRAY);
        List<T> all = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            all.add(element.get());
        }
        return all;
    }

    static List<String> texts(JsonParser json) {
        return array(json, () -> text(json));
    }

    static Map<String, String> map(JsonParser json) {
        Map<String, String> all = new LinkedHashMap<>();
        object(json, (name, value) -> all.put(name, text(value)));
        return all;
    }

    static String text(JsonParser json) {
        expect(json, JsonToken.VALUE_STRING);
        return json.getString();
    }

    static void expect(JsonParser json, JsonToken token) {
        if (json.currentToken() != token) {
            throw new WireException(json.currentToken() + " at " + json.streamReadContext().pathAsPointer()
                    + " where " + token + " is expected");
        }
    }
}
