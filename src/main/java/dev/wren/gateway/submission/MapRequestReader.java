package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/**
 * Reads the body of a map as a stream: each datum is handed on in the very bytes that came, and only one is in memory.
 * Fields may come in any order. Safe for use by several threads.
 */
@Component
final class MapRequestReader {

    private static final String DATA = "iterdata";
    /** Bytes of all fields but the data. */
    private static final int MAX_FIELDS = 1 << 20;
    private static final int MAX_UNKNOWN = 50;
    private static final int MAX_NAME = 100;

    private final CallsetSettings limits;
    private final JsonParsers parsers;

    MapRequestReader(CallsetSettings limits) {
        this.limits = limits;
        // The body's own object and the array of data are two levels of their own.
        this.parsers = new JsonParsers(limits.maxNesting());
    }

    /**
     * Reads a body to its end.
     *
     * @param memory what is held of it; closed by the caller
     * @throws ProblemException {@code malformed-json}, {@code invalid-request}, {@code too-large}, and what {@code sink}
     * throws
     */
    Body read(InputStream body, DataSink sink, Quota.Grant memory) throws IOException {
        JsonBytes bytes = new JsonBytes(body, limits.maxBodySize().toBytes(), memory);
        try (JsonParser parser = parsers.parser(bytes)) {
            return read(bytes, parser, sink);
        } catch (JacksonException e) {
            throw bytes.placed(parsers.problem(e));
        }
    }

    /**
     * What a body says.
     *
     * @param source where the data are, if they were not in the body
     */
    record Body(MapSettings settings, Optional<DataSource> source) {
    }

    /**
     * Hands on the values of an array that is a text of its own.
     *
     * @param memory what is held of it; closed by the caller
     * @throws ProblemException {@code malformed-json}, {@code invalid-request}, {@code too-large}, and what {@code sink}
     * throws
     */
    void readArray(InputStream text, DataSink sink, Quota.Grant memory) throws IOException {
        JsonBytes bytes = new JsonBytes(text, limits.maxBodySize().toBytes(), memory);
        try (JsonParser parser = parsers.parser(bytes)) {
            bytes.mark(0, MAX_FIELDS, tooLarge());
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, DataSource.POINTER,
                        "The text must be a JSON array.");
            }
            array(bytes, parser, sink);
            JsonParsers.end(parser);
        } catch (JacksonException e) {
            throw bytes.placed(parsers.problem(e));
        }
    }

    /** What was found of the data. Used by one thread. */
    private static final class DataField {

        private final Map<String, String> wrong = new LinkedHashMap<>(Map.of("/" + DATA, "This field is missing."));
        private Optional<DataSource> source = Optional.empty();
    }

    private Body read(JsonBytes bytes, JsonParser parser, DataSink sink) throws IOException {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        Map<String, String> texts = new HashMap<>();
        DataField data = new DataField();
        // Bytes that fields may still have; what is kept of the body is bounded by it at every step.
        long left = MAX_FIELDS;
        bytes.mark(0, left, tooLarge());
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw JsonBytes.malformed("The body is empty.", 1, 1);
        }
        if (first != JsonToken.START_OBJECT) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "", "The body must be a JSON object.");
        }
        long position = position(bytes, parser);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            // No place is asked for here: the parser is somewhere in the value already.
            if (name.equals(DATA)) {
                data(bytes, parser, sink, data);
                position = position(bytes, parser);
            } else {
                parser.nextToken();
                long from = bytes.byteOf(parser.currentTokenLocation().getCharOffset());
                parser.skipChildren();
                parser.finishToken();
                long to = position(bytes, parser);
                left -= to - position;
                if (left < 0) {
                    throw tooLarge();
                }
                position = to;
                if (MapFields.isField(name)) {
                    int length = (int) (position - from);
                    fields.put(name, parsers.value(bytes.window(), bytes.offset(from), length));
                    if (MapField.isText(name)) {
                        texts.put(name,
                                new String(bytes.window(), bytes.offset(from), length, StandardCharsets.UTF_8));
                    }
                } else {
                    unknown(unknown, name);
                }
            }
            bytes.mark(position, left, tooLarge());
        }
        JsonParsers.end(parser);
        MapFields checked = new MapFields(fields, texts, true);
        unknown.forEach(checked::unknown);
        data.wrong.forEach(checked::wrong);
        return new Body(checked.settings(), data.source);
    }

    private static long position(JsonBytes bytes, JsonParser parser) {
        return bytes.byteOf(parser.currentLocation().getCharOffset());
    }

    /** Notes a field that there is not; its value was not even built. */
    private static void unknown(List<String> unknown, String name) {
        if (unknown.size() == MAX_UNKNOWN) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "",
                    "There are more than " + MAX_UNKNOWN + " fields that a map does not have.");
        }
        unknown.add(name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name);
    }

    /** Hands the data on, or notes where they are. */
    private void data(JsonBytes bytes, JsonParser parser, DataSink sink, DataField found) throws IOException {
        found.wrong.clear();
        JsonToken token = parser.nextToken();
        if (token == JsonToken.START_OBJECT) {
            found.source = DataSource.read(parsers.mapper().readTree(parser), found.wrong::put);
        } else if (token == JsonToken.START_ARRAY) {
            array(bytes, parser, sink);
        } else {
            parser.skipChildren();
            parser.finishToken();
            found.wrong.put("/" + DATA,
                    "An array of any values, or {\"uri\": \"s3://bucket/key\", \"format\": \"ndjson\"}.");
        }
    }

    private void array(JsonBytes bytes, JsonParser parser, DataSink sink) throws IOException {
        DatumReader data = new DatumReader(bytes, parser, limits);
        long position = position(bytes, parser);
        while (true) {
            data.begin(position, sink);
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                data.none();
                return;
            }
            position = data.end();
        }
    }

    /**
     * To the end of a datum. The names of its objects are in memory meanwhile, since none may be there twice.
     *
     * @throws ProblemException {@code too-large} when there are more than {@code maxNames}
     */
    static void skip(JsonParser parser, int maxNames) {
        int depth = 0;
        int names = 0;
        JsonToken token = parser.currentToken();
        while (true) {
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.PROPERTY_NAME && ++names > maxNames) {
                throw new ProblemException(ProblemType.TOO_LARGE,
                        "The objects of a datum have at most " + maxNames + " members altogether.")
                        .with("limit", maxNames);
            }
            if (depth == 0) {
                parser.finishToken();
                return;
            }
            token = parser.nextToken();
        }
    }

    private static ProblemException tooLarge() {
        return new ProblemException(ProblemType.TOO_LARGE,
                "All fields but iterdata have at most " + MAX_FIELDS + " bytes together.").with("limit", MAX_FIELDS);
    }
}
