package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/**
 * Reads data as lines of JSON, as a stream: each datum is handed on in the very bytes that came, without the white space
 * around it, and only one is in memory, or a part of it. Safe for use by several threads.
 */
@Component
final class NdjsonReader {

    private static final int BLOCK = 1 << 16;
    /** Bytes of a line. */
    private static final int MOST_KEPT = 1 << 20;

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
        Blocks blocks = new Blocks(bytes);
        while (blocks.isMore()) {
            int end = blocks.endOfLine();
            line.append(blocks.block, blocks.from, end);
            blocks.from = end;
            if (blocks.takeNewline()) {
                line.end();
            } else if (line.length > MOST_KEPT) {
                large(line, blocks, sink, memory);
            }
        }
        line.end();
    }

    /** A line of which no more is to be kept: it is read by a parser while it comes. */
    private void large(Line line, Blocks blocks, DataSink sink, Quota.Grant memory) throws IOException {
        InputStream rest = new SequenceInputStream(new ByteArrayInputStream(line.text, 0, line.length),
                blocks.restOfLine());
        long number = line.number;
        try {
            JsonBytes bytes = new JsonBytes(rest, Long.MAX_VALUE, memory);
            try (JsonParser parser = parsers.parser(bytes)) {
                DatumReader data = new DatumReader(bytes, parser, limits);
                data.begin(0, sink);
                if (parser.nextToken() != null) {
                    long _ = data.end();
                    bytes.keep();
                    if (parser.nextToken() != null) {
                        throw JsonBytes.malformed("There is more than one value in the line.", 1,
                                parser.currentTokenLocation().getColumnNr());
                    }
                }
            } catch (JacksonException e) {
                throw bytes.placed(parsers.problem(e));
            }
        } catch (ProblemException e) {
            throw e.type() == ProblemType.TOO_LARGE || e.type() == ProblemType.MALFORMED_JSON
                    ? e.with("line", number)
                    : e;
        }
        line.next();
    }

    /** What was read of a body. */
    private static final class Blocks {

        private final JsonBytes bytes;
        private final byte[] block = new byte[BLOCK];
        private long position;
        private int from;
        private int to;

        Blocks(JsonBytes bytes) {
            this.bytes = bytes;
        }

        /** Whether there is something from {@link #from} on. */
        boolean isMore() throws IOException {
            if (from < to) {
                return true;
            }
            int n = bytes.read(block, 0, BLOCK);
            from = 0;
            to = Math.max(0, n);
            position += to;
            // All that was read is in the line or handed on: nothing has to be kept.
            bytes.drop(position);
            return n > 0;
        }

        /** Where the line ends, or what was read does. */
        int endOfLine() {
            int at = from;
            while (at < to && block[at] != '\n') {
                at++;
            }
            return at;
        }

        boolean takeNewline() {
            if (from < to && block[from] == '\n') {
                from++;
                return true;
            }
            return false;
        }

        /** The rest of the line; its end is taken with it. */
        InputStream restOfLine() {
            return new InputStream() {

                private boolean ended;

                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
                }

                @Override
                public int read(byte[] into, int offset, int length) throws IOException {
                    if (ended || !isMore() || takeNewline()) {
                        ended = true;
                        return -1;
                    }
                    int some = Math.min(length, endOfLine() - from);
                    System.arraycopy(block, from, into, offset, some);
                    from += some;
                    return some;
                }
            };
        }
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
                throw DatumReader.tooLarge(max).with("line", number);
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
            next();
        }

        void next() {
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
