package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * Reads data as lines of JSON, as a stream: each datum is handed on in the very bytes that came, without the white space
 * around it, and only one is in memory. Safe for use by several threads.
 */
@Component
final class NdjsonReader {

    private static final int BLOCK = 1 << 16;

    private final CallsetSettings limits;
    private final JsonParsers parsers;

    NdjsonReader(CallsetSettings limits) {
        this.limits = limits;
        this.parsers = new JsonParsers(limits.maxNesting());
    }

    /**
     * Reads a body to its end.
     *
     * @param memory what is held of it; closed by the caller
     * @throws ProblemException {@code malformed-json} with the line, {@code too-large}, and what {@code sink} throws
     */
    void read(InputStream body, DataSink sink, Quota.Grant memory) throws IOException {
        JsonBytes bytes = new JsonBytes(body, limits.maxBodySize().toBytes(), memory);
        memory.grow(BLOCK);
        Line line = new Line(sink, memory);
        byte[] block = new byte[BLOCK];
        long position = 0;
        for (int n; (n = bytes.read(block, 0, BLOCK)) >= 0;) {
            position += n;
            // All that was read is in the line or handed on: nothing has to be kept.
            bytes.drop(position);
            int from = 0;
            for (int i = 0; i < n; i++) {
                if (block[i] == '\n') {
                    line.append(block, from, i);
                    line.end();
                    from = i + 1;
                }
            }
            line.append(block, from, n);
        }
        line.end();
    }

    private final class Line {

        private final DataSink sink;
        private final Quota.Grant memory;
        private final long max = limits.maxDatumSize().toBytes();
        private byte[] text = new byte[1024];
        private int length;
        private long number = 1;

        Line(DataSink sink, Quota.Grant memory) {
            this.sink = sink;
            this.memory = memory;
        }

        void append(byte[] block, int from, int to) {
            int more = to - from;
            if (length + more > max) {
                throw new ProblemException(ProblemType.TOO_LARGE, "A datum has at most " + max + " bytes.")
                        .with("limit", max).with("line", number);
            }
            if (length + more > text.length) {
                int larger = Math.max(length + more, 2 * text.length);
                memory.grow(larger - text.length);
                text = Arrays.copyOf(text, larger);
            }
            System.arraycopy(block, from, text, length, more);
            length += more;
        }

        void end() throws IOException {
            int from = 0;
            while (from < length && isSpace(text[from])) {
                from++;
            }
            while (length > from && isSpace(text[length - 1])) {
                length--;
            }
            if (from < length) {
                check(from);
                sink.add(text, from, length - from);
            }
            length = 0;
            number++;
        }

        private void check(int from) throws IOException {
            try (JsonParser parser = parsers.parser(text, from, length - from)) {
                parser.nextToken();
                MapRequestReader.skip(parser, limits.maxNames());
                if (parser.nextToken() != null) {
                    throw JsonBytes.malformed("There is more than one value in the line.", number,
                            from + parser.currentTokenLocation().getColumnNr());
                }
            } catch (JacksonException e) {
                throw parsers.problem(e, number);
            }
        }

        private static boolean isSpace(byte b) {
            return b == ' ' || b == '\t' || b == '\r';
        }
    }
}
