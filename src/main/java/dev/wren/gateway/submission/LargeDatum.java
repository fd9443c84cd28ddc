package dev.wren.gateway.submission;

import dev.wren.gateway.json.JsonBytes;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.util.BitSet;

/**
 * What of a datum goes on before it has been read to its end. Its text is looked through for numbers and names that are so long
 * that a parser, which builds them, would take too much memory; all else is the parser's to judge. Used by one thread.
 */
final class LargeDatum implements JsonBytes.Spill {

    /** Characters of a number or a name, in a datum that is large enough to come in parts. */
    static final int LONGEST = 1 << 20;

    private final DataSink sink;
    private long length;
    /** Of the containers that are open, which are objects. */
    private final BitSet objects = new BitSet();
    private int depth;
    private boolean text;
    private boolean escaped;
    /** Whether a text would be a name. */
    private boolean name;
    private int run;

    LargeDatum(DataSink sink) {
        this.sink = sink;
    }

    /** Bytes so far. */
    long length() {
        return length;
    }

    @Override
    public void take(byte[] buffer, int offset, int count) throws IOException {
        int from = start(buffer, offset, count);
        int end = offset + count;
        if (from < end) {
            for (int i = from; i < end; i++) {
                look(buffer[i]);
            }
            length += end - from;
            sink.part(buffer, from, end - from);
        }
    }

    /** The rest of it. */
    void end(byte[] buffer, int offset, int count) throws IOException {
        int from = start(buffer, offset, count);
        sink.add(buffer, from, offset + count - from);
    }

    /** What is before the first character of a datum is none of it. */
    private int start(byte[] buffer, int offset, int count) {
        int from = offset;
        while (length == 0 && from < offset + count && isBetween(buffer[from])) {
            from++;
        }
        return from;
    }

    private static boolean isBetween(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == ',';
    }

    private void look(byte b) {
        if (text) {
            text = escaped || b != '"';
            escaped = !escaped && b == '\\';
            run = name && text ? run + 1 : 0;
        } else {
            switch (b) {
                case '"' -> text = true;
                case '{', '[' -> {
                    objects.set(depth++, b == '{');
                    name = b == '{';
                }
                case '}', ']' -> {
                    depth = Math.max(0, depth - 1);
                    name = false;
                }
                case ',' -> name = depth > 0 && objects.get(depth - 1);
                case ':' -> name = false;
                case ' ', '\t', '\r', '\n' -> {
                    // No part of anything.
                }
                default -> {
                    run++;
                    checkRun();
                    return;
                }
            }
            run = 0;
        }
        checkRun();
    }

    private void checkRun() {
        if (run > LONGEST) {
            throw new ProblemException(ProblemType.TOO_LARGE,
                    "A number or a name in a large datum has at most " + LONGEST + " characters.")
                    .with("limit", LONGEST);
        }
    }
}
