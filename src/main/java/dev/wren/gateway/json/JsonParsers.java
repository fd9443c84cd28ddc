package dev.wren.gateway.json;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Parsers of bodies: strict, with the limits of maps. Safe for use by several threads. */
public final class JsonParsers {

    private static final Pattern DUPLICATE = Pattern.compile("Duplicate (?:Object )?property \"(.{0,100})\"");

    /** Bytes of a tree for each byte of its text, at most about: nothing but small numbers or empty arrays. */
    private static final int TREE = 24;

    /** Bytes of a text whose names may be kept: thousands of them are a few megabytes. */
    private static final int SHORT = 512;

    private final JsonMapper mapper;
    private final JsonFactory forShort;
    private final int maxNesting;

    public JsonParsers(int maxNesting) {
        this.maxNesting = maxNesting;
        // Without a table of names: it keeps those of any length, thousands of them, after the body and for all others.
        this.mapper = JsonMapper.builder(factory(maxNesting, false))
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
        this.forShort = factory(maxNesting, true);
    }

    private static JsonFactory factory(int maxNesting, boolean keepNames) {
        return JsonFactory.builder()
                .recyclerPool(JsonRecyclerPools.threadLocalPool())
                .configure(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES, keepNames)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(maxNesting)
                        .maxNumberLength(Integer.MAX_VALUE)
                        .maxStringLength(Integer.MAX_VALUE)
                        .maxNameLength(Integer.MAX_VALUE)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                .build();
    }

    public JsonMapper mapper() {
        return mapper;
    }

    /** A parser whose places {@link JsonBytes#byteOf} knows. */
    public JsonParser parser(JsonBytes body) {
        return mapper.createParser(body.characters());
    }

    /** A parser of bytes that are known to be UTF-8. */
    public JsonParser parser(byte[] bytes, int offset, int length) {
        return length <= SHORT
                // Most lines are a number or a word: they need not be made characters first.
                ? forShort.createParser(ObjectReadContext.empty(), bytes, offset, length)
                : mapper.createParser(new String(bytes, offset, length, StandardCharsets.UTF_8));
    }

    /** The value in bytes that were parsed before. */
    public JsonNode value(byte[] bytes, int offset, int length) {
        return mapper.readTree(new String(bytes, offset, length, StandardCharsets.UTF_8));
    }

    /**
     * Reads a body that is small enough for memory, as one value.
     *
     * @param maxBytes of the body
     * @param memory what is held of it, and of the tree; closed by the caller
     * @throws ProblemException {@code malformed-json}, {@code too-large}
     */
    public JsonNode read(InputStream body, long maxBytes, Quota.Grant memory) throws IOException {
        JsonBytes bytes = new JsonBytes(body, maxBytes, memory);
        bytes.weigh(TREE);
        try (JsonParser parser = parser(bytes)) {
            if (parser.nextToken() == null) {
                throw JsonBytes.malformed("The body is empty.", 1, 1);
            }
            JsonNode value = mapper.readTree(parser);
            end(parser);
            return value;
        } catch (JacksonException e) {
            throw problem(e);
        }
    }

    /** Refuses text after the end of a body. */
    public static void end(JsonParser parser) {
        if (parser.nextToken() != null) {
            TokenStreamLocation at = parser.currentTokenLocation();
            throw JsonBytes.malformed("There is text after the end of the JSON.", at.getLineNr(), at.getColumnNr());
        }
    }

    /**
     * What a caller is told of a parser's exception.
     *
     * @throws IOException if the body could not be read at all: nothing is wrong with its JSON then
     */
    public ProblemException problem(JacksonException e) throws IOException {
        return problem(e, 1);
    }

    /** The same, where the parser was given the body from its line {@code firstLine} on. */
    public ProblemException problem(JacksonException e, long firstLine) throws IOException {
        if (e instanceof JacksonIOException unread) {
            throw unread.getCause();
        }
        if (e instanceof StreamConstraintsException) {
            return new ProblemException(ProblemType.TOO_LARGE,
                    "JSON may be nested " + maxNesting + " levels deep.").with("limit", maxNesting);
        }
        TokenStreamLocation at = e.getLocation();
        long line = firstLine + (at == null ? 0 : Math.max(0, at.getLineNr() - 1));
        long column = at == null ? 1 : Math.max(1, at.getColumnNr());
        return JsonBytes.malformed(detail(e), line, column);
    }

    private static String detail(JacksonException e) {
        String original = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
        Matcher duplicate = DUPLICATE.matcher(original);
        if (duplicate.find()) {
            return "The name \"" + duplicate.group(1) + "\" is there twice in one object.";
        }
        int end = original.indexOf('\n');
        String first = end < 0 ? original : original.substring(0, end);
        int source = first.indexOf(" (start marker");
        return "The body is not well-formed JSON: " + (source < 0 ? first : first.substring(0, source));
    }
}
