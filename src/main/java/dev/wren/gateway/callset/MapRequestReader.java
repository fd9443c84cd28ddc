package dev.wren.gateway.callset;

import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
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
    private static final String META = "extraMeta";
    private static final int MAX_FIELD = 1 << 20;
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
     * @throws ProblemException {@code malformed-json}, {@code invalid-request}, {@code too-large}, and what {@code sink}
     * throws
     */
    MapSettings read(InputStream body, DataSink sink) throws IOException {
        JsonBytes bytes = new JsonBytes(body, limits.maxBodySize().toBytes());
        try (JsonParser parser = parsers.parser(bytes)) {
            return read(bytes, parser, sink);
        } catch (JacksonException e) {
            throw parsers.problem(e);
        }
    }

    private MapSettings read(JsonBytes bytes, JsonParser parser, DataSink sink) throws IOException {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        String meta = null;
        String dataWrong = "This field is missing.";
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw JsonBytes.malformed("The body is empty.", 1, 1);
        }
        if (first != JsonToken.START_OBJECT) {
            parser.skipChildren();
            JsonParsers.end(parser);
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "", "The body must be a JSON object.");
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            bytes.mark(parser.currentLocation().getByteOffset(), MAX_FIELD, tooLargeField(name));
            JsonToken token = parser.nextToken();
            if (name.equals(DATA)) {
                dataWrong = data(bytes, parser, token, sink);
            } else {
                long from = parser.currentTokenLocation().getByteOffset();
                JsonNode value = parsers.mapper().readTree(parser);
                fields.put(name, value);
                if (name.equals(META)) {
                    parser.finishToken();
                    int length = (int) (parser.currentLocation().getByteOffset() - from);
                    meta = new String(bytes.window(), bytes.offset(from), length,
                            java.nio.charset.StandardCharsets.UTF_8);
                }
            }
        }
        JsonParsers.end(parser);
        MapFields checked = new MapFields(fields, meta, true);
        if (dataWrong != null) {
            checked.wrong("/" + DATA, dataWrong);
        }
        return checked.settings();
    }

    /** Hands the data on; returns what is wrong with the field, or null. */
    private @Nullable String data(JsonBytes bytes, JsonParser parser, JsonToken token, DataSink sink)
            throws IOException {
        if (token == JsonToken.START_OBJECT) {
            return source(parsers.mapper().readTree(parser));
        }
        if (token != JsonToken.START_ARRAY) {
            parser.skipChildren();
            return "An array of any values, or {\"uri\": \"s3://bucket/key\", \"format\": \"ndjson\"}.";
        }
        long max = limits.maxDatumSize().toBytes();
        ProblemException tooLarge = new ProblemException(ProblemType.TOO_LARGE,
                "A datum has at most " + max + " bytes.").with("limit", max);
        long position = parser.currentLocation().getByteOffset();
        while (true) {
            bytes.mark(position, max, tooLarge);
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                return null;
            }
            long from = parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            parser.finishToken();
            position = parser.currentLocation().getByteOffset();
            if (position - from > max) {
                throw tooLarge;
            }
            sink.add(bytes.window(), bytes.offset(from), (int) (position - from));
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

    private static ProblemException tooLargeField(String name) {
        return new ProblemException(ProblemType.TOO_LARGE,
                "The field " + (name.length() > 100 ? name.substring(0, 100) : name) + " has at most " + MAX_FIELD
                        + " bytes.")
                .with("limit", MAX_FIELD);
    }
}
