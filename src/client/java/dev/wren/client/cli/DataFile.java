package dev.wren.client.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.util.RawValue;

/**
 * Data of a file: each line is one. They are passed on as they are written. Used by one
 * thread.
 */
final class DataFile implements Iterator<RawValue>, AutoCloseable {

    private static final JsonMapper JSON = JsonMapper
            .builder(JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build()).build();

    private final String name;
    private final InputStream in;
    private final BufferedReader lines;
    private long line;
    private @Nullable RawValue next;

    /**
     * @param name of a file, or {@code -} for standard input
     */
    DataFile(String name) throws IOException {
        this.name = name.equals("-") ? "standard input" : name;
        this.in = name.equals("-") ? System.in : Files.newInputStream(Path.of(name));
        this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT)));
    }

    @Override
    public boolean hasNext() {
        try {
            for (String text; next == null && (text = lines.readLine()) != null;) {
                line++;
                if (!text.isBlank()) {
                    check(text);
                    next = new RawValue(text.strip());
                }
            }
            return next != null;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(name + ", line " + (line + 1) + ": it is not UTF-8.", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void check(String text) {
        try (JsonParser parser = JSON.createParser(text)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new IllegalArgumentException(name + ", line " + line + ": it is empty.");
            }
            parser.skipChildren();
            parser.finishToken();
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException(
                        name + ", line " + line + ": there is text after the end of the JSON; each line is one datum.");
            }
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    name + ", line " + line + ": it is no JSON: " + e.getOriginalMessage()
                            + "; each line is one datum.",
                    e);
        }
    }

    @Override
    public RawValue next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        RawValue given = next;
        next = null;
        return Objects.requireNonNull(given);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
