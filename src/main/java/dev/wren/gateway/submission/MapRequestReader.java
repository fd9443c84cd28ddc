package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
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
    private static final Pattern S3 = Pattern.compile("s3://([^/]+)/.*");

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
    MapSettings read(InputStream body, DataSink sink, Quota.Grant memory) throws IOException {
        JsonBytes bytes = new JsonBytes(body, limits.maxBodySize().toBytes(), memory);
        try (JsonParser parser = parsers.parser(bytes)) {
            return read(bytes, parser, sink);
        } catch (JacksonException e) {
            throw parsers.problem(e);
        }
    }

    private MapSettings read(JsonBytes bytes, JsonParser parser, DataSink sink) throws IOException {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        Map<String, String> texts = new HashMap<>();
        String dataWrong = "This field is missing.";
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
                dataWrong = data(bytes, parser, sink);
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
        if (dataWrong != null) {
            checked.wrong("/" + DATA, dataWrong);
        }
        return checked.settings();
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

    /** Hands the data on; returns what is wrong with the field, or null. */
    private @Nullable String data(JsonBytes bytes, JsonParser parser, DataSink sink) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.START_OBJECT) {
            return source(parsers.mapper().readTree(parser));
        }
        if (token != JsonToken.START_ARRAY) {
            parser.skipChildren();
            parser.finishToken();
            return "An array of any values, or {\"uri\": \"s3://bucket/key\", \"format\": \"ndjson\"}.";
        }
        long max = limits.maxDatumSize().toBytes();
        ProblemException tooLarge = new ProblemException(ProblemType.TOO_LARGE,
                "A datum has at most " + max + " bytes.").with("limit", max);
        long position = position(bytes, parser);
        while (true) {
            bytes.mark(position, max, tooLarge);
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                return null;
            }
            long from = bytes.byteOf(parser.currentTokenLocation().getCharOffset());
            skip(parser, limits.maxNames());
            position = position(bytes, parser);
            if (position - from > max) {
                throw tooLarge;
            }
            sink.add(bytes.window(), bytes.offset(from), (int) (position - from));
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

    private static @Nullable String source(JsonNode source) {
        JsonNode uri = source.get("uri");
        if (uri == null || !uri.isString()) {
            return "An array of any values, or an object with uri and format.";
        }
        Matcher s3 = S3.matcher(uri.asString());
        if (!s3.matches()) {
            return "The uri must be s3://bucket/key.";
        }
        throw ProblemException.atPointer(ProblemType.BUCKET_NOT_ALLOWED, "/" + DATA + "/uri",
                "The bucket " + s3.group(1) + " is not allowed; no bucket is.");
    }

    private static ProblemException tooLarge() {
        return new ProblemException(ProblemType.TOO_LARGE,
                "All fields but iterdata have at most " + MAX_FIELDS + " bytes together.").with("limit", MAX_FIELDS);
    }
}
