package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads data out of a text, one after the other; of a large one no more than a part is in memory. Used by one thread. */
final class DatumReader {

    private final JsonBytes bytes;
    private final JsonParser parser;
    private final int maxNames;
    private final long max;
    private final ProblemException tooLarge;
    private @Nullable LargeDatum datum;

    /**
     * A reader of what a parser is about to read.
     *
     * @param bytes what the parser reads
     */
    DatumReader(JsonBytes bytes, JsonParser parser, CallsetSettings limits) {
        this.bytes = bytes;
        this.parser = parser;
        this.maxNames = limits.maxNames();
        this.max = limits.maxDatumSize().toBytes();
        this.tooLarge = tooLarge(max);
    }

    static ProblemException tooLarge(long max) {
        return new ProblemException(ProblemType.TOO_LARGE, "A datum has at most " + max + " bytes.")
                .with("limit", max);
    }

    /** There may be a datum from {@code position} on, after a comma or spaces: the next token is its first. */
    void begin(long position, DataSink sink) {
        bytes.mark(position, max, tooLarge);
        datum = new LargeDatum(sink);
        bytes.spillTo(datum);
    }

    /** There was none. */
    void none() {
        bytes.keep();
    }

    /**
     * The parser is at its first token.
     *
     * @return where it ends
     * @throws ProblemException {@code too-large}, and what the sink throws
     */
    long end() throws IOException {
        // Of a text nothing but its first quotation mark was read; of a number all, perhaps.
        boolean text = parser.currentToken() == JsonToken.VALUE_STRING;
        long from = text || bytes.spilled() == 0
                ? bytes.byteOf(parser.currentTokenLocation().getCharOffset())
                : bytes.mark();
        if (text) {
            bytes.endText(parser, from);
        } else {
            MapRequestReader.skip(parser, maxNames);
        }
        long end = bytes.byteOf(parser.currentLocation().getCharOffset());
        long start = Math.max(from, bytes.mark());
        LargeDatum last = Objects.requireNonNull(datum);
        if (last.length() + end - start > max) {
            throw tooLarge;
        }
        last.end(bytes.window(), bytes.offset(start), (int) (end - start));
        return end;
    }
}
