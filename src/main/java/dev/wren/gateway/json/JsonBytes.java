package dev.wren.gateway.json;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;

/**
 * A body as a parser reads it: checked to be UTF-8, counted, and kept from a mark on, so that parts of it can be had in
 * the very bytes that came. Read either as bytes or as characters. Used by one thread.
 */
public final class JsonBytes extends InputStream {

    private static final int BLOCK = 1 << 16;
    private static final int BOM = 3;
    private static final int MOST_KEPT = 1 << 20;
    /** What may follow a reverse solidus, but for u: RFC 8259, section 7. */
    private static final String ESCAPED = "\"\\/bfnrt";
    /** Bytes of an escape with four digits. */
    private static final int UNICODE = 6;

    private final InputStream in;
    private final Quota.Grant memory;
    private final long maxBody;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer chars = CharBuffer.allocate(BLOCK / 8);
    /** Bytes from {@link #base} on; those before the mark may go. */
    private byte[] window = new byte[2 * BLOCK];
    private long base;
    private int filled;
    private int handedOut;
    private int validated;
    private long mark;
    private @Nullable Spill spill;
    private long spilled;
    private long maxPart = Long.MAX_VALUE;
    private ProblemException partTooLarge = new ProblemException(ProblemType.TOO_LARGE, "");
    private long line = 1;
    private long column = 1;
    private boolean ended;
    private int weight;
    /** A place that is known in both measures, and the end of what was read as characters. */
    private long knownChar;
    private long knownByte;
    private long readChars;
    /** Characters of a line that the parser has not seen. */
    private long skippedChars;
    private long skippedLine;

    /**
     * A body.
     *
     * @param memory what is held of it; closed by the caller
     */
    public JsonBytes(InputStream in, long maxBody, Quota.Grant memory) throws IOException {
        memory.grow(window.length + 4L * chars.capacity());
        this.memory = memory;
        this.in = in;
        this.maxBody = maxBody;
        while (filled < BLOCK && fill()) {
            if (filled >= 4) {
                break;
            }
        }
        checkStart();
    }

    /** A body in UTF-16 or UTF-32 has a zero among its first bytes, and JSON in UTF-8 has none. */
    private void checkStart() {
        for (int i = 0; i < Math.min(4, filled); i++) {
            if (window[i] == 0) {
                throw malformed("The body is not UTF-8.", 1, i + 1L);
            }
        }
        if (filled >= BOM && window[0] == (byte) 0xEF && window[1] == (byte) 0xBB && window[2] == (byte) 0xBF) {
            System.arraycopy(window, BOM, window, 0, filled - BOM);
            filled -= BOM;
        }
    }

    /** Each byte that is read makes the caller hold so many. */
    void weigh(int times) {
        weight = times;
    }

    /** Takes what is not kept. */
    @FunctionalInterface
    public interface Spill {

        /**
         * The next bytes from the mark on.
         *
         * @param buffer is changed after the call
         */
        void take(byte[] buffer, int offset, int length) throws IOException;
    }

    /**
     * From here to the next mark bytes are not kept when they are many: they are handed on, from the mark on, when all
     * characters that were read are used up. {@link #mark()} moves with it.
     */
    public void spillTo(Spill to) {
        spill = to;
    }

    /** From here on bytes are kept, however many. */
    public void keep() {
        spill = null;
    }

    /** From where on bytes are kept. */
    public long mark() {
        return mark;
    }

    /** How many bytes were handed on since the mark was set. */
    public long spilled() {
        return spilled;
    }

    private void spill() throws IOException {
        Spill to = spill;
        long many = base + handedOut - mark;
        if (to != null && many > MOST_KEPT) {
            to.take(window, offset(mark), (int) many);
            mark += many;
            spilled += many;
            knownByte = mark;
            knownChar = readChars;
        }
    }

    /** From here on bytes are kept, and at most {@code max} of them until the next mark. */
    public void mark(long position, long max, ProblemException tooLarge) {
        mark = position;
        spill = null;
        spilled = 0;
        maxPart = max;
        partTooLarge = tooLarge;
    }

    /** What is before {@code position} is not needed any more. */
    public void drop(long position) {
        mark = position;
        maxPart = Long.MAX_VALUE;
    }

    /** The bytes from {@link #offset}. */
    public byte[] window() {
        return window;
    }

    /** Where the byte at {@code position} of the body, not before the mark, is in {@link #window()}. */
    public int offset(long position) {
        return (int) (position - base);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        while (handedOut == filled) {
            boolean more = fill();
            validate(!more);
            if (!more) {
                return -1;
            }
        }
        int n = Math.min(length, filled - handedOut);
        System.arraycopy(window, handedOut, buffer, offset, n);
        handedOut += n;
        if (base + handedOut - mark - BLOCK > maxPart) {
            throw partTooLarge;
        }
        return n;
    }

    /** The same as characters: either this or the bytes are read of a body, not both. */
    Reader characters() {
        return new Reader() {
            @Override
            public int read(char[] buffer, int offset, int length) throws IOException {
                return readCharacters(buffer, offset, length);
            }

            @Override
            public void close() {
                // Whoever gave the body closes it.
            }
        };
    }

    private int readCharacters(char[] buffer, int offset, int length) throws IOException {
        spill();
        CharBuffer to = CharBuffer.wrap(buffer, offset, length);
        while (to.position() == 0) {
            ByteBuffer bytes = ByteBuffer.wrap(window, handedOut, filled - handedOut);
            if (utf8.decode(bytes, to, ended).isError()) {
                count(buffer, offset, to.position());
                throw malformed("The body is not UTF-8.", line, column);
            }
            handedOut = bytes.position();
            validated = handedOut;
            if (base + handedOut - mark + spilled - BLOCK > maxPart) {
                throw partTooLarge;
            }
            if (to.position() == 0 && !fill()) {
                if (handedOut < filled) {
                    throw malformed("The body is not UTF-8.", line, column);
                }
                return -1;
            }
        }
        count(buffer, offset, to.position());
        readChars += to.position();
        return to.position();
    }

    /**
     * Where a character is in the body's bytes.
     *
     * @param character its index in what was read of {@link #characters}; not before the one asked for last
     */
    public long byteOf(long character) {
        if (readChars - knownChar != base + handedOut - knownByte) {
            // There is something else than ASCII since: bytes are counted one by one.
            int at = offset(knownByte);
            while (knownChar < character) {
                int lead = window[at] & 0xff;
                int bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
                at += bytes;
                knownChar += bytes == 4 ? 2 : 1;
            }
            knownByte = base + at;
        } else {
            knownByte += character - knownChar;
            knownChar = character;
        }
        return knownByte;
    }

    /**
     * To the end of a text that the parser has begun, so that it does not build it: it does of a value that is no part of
     * another. A short one is left to the parser.
     *
     * @param from where its first quotation mark is, not before the mark
     */
    public void endText(JsonParser parser, long from) throws IOException {
        int at = offset(from) + 1;
        while (at < handedOut && window[at] != '"') {
            at += window[at] == '\\' ? 2 : 1;
        }
        if (at < handedOut) {
            parser.finishToken();
            return;
        }
        // All that the parser has is part of the text, and not looked at yet. It goes on at its end.
        var _ = parser.releaseBuffered(Writer.nullWriter());
        skipped(line, 0);
        long position = endOfText(from + 1);
        at = offset(position);
        validateTo(at);
        handedOut = at;
        knownByte = position;
        knownChar = readChars;
        parser.finishToken();
    }

    private long endOfText(long from) throws IOException {
        long position = from;
        while (true) {
            int at = offset(position);
            while (at < filled && window[at] != '"') {
                int more = length(at);
                if (at + more > filled) {
                    break;
                }
                at += more;
            }
            position = base + at;
            if (at < filled && window[at] == '"') {
                return position;
            }
            if (at > handedOut) {
                validateTo(Math.min(at, filled));
                handedOut = validated;
            }
            if (base + handedOut - mark + spilled > maxPart) {
                throw partTooLarge;
            }
            spill();
            if (!fill()) {
                throw malformed("The body ends in the middle of a text.", line, column);
            }
        }
    }

    /** Bytes of what is at a place in a text: one, or those of an escape. */
    private int length(int at) {
        byte b = window[at];
        if (b >= 0 && b < ' ') {
            throw malformed("A text has a control character, which has to be escaped.", line, column);
        }
        if (b != '\\' || at + 1 >= filled) {
            return b == '\\' ? 2 : 1;
        }
        if (window[at + 1] != 'u') {
            if (ESCAPED.indexOf(window[at + 1]) < 0) {
                throw malformed("A text has an escape that JSON does not know.", line, column);
            }
            return 2;
        }
        for (int i = at + 2; i < Math.min(at + UNICODE, filled); i++) {
            if (Character.digit(window[i], 16) < 0) {
                throw malformed("A text has an escape that JSON does not know.", line, column);
            }
        }
        return UNICODE;
    }

    private void validateTo(int end) {
        ByteBuffer bytes = ByteBuffer.wrap(window, validated, Math.max(0, end - validated));
        CoderResult result;
        do {
            chars.clear();
            result = utf8.decode(bytes, chars, false);
            count(chars.array(), 0, chars.position());
            skipped(line, chars.position());
        } while (result.isOverflow());
        if (result.isError()) {
            throw malformed("The body is not UTF-8.", line, column);
        }
        validated = bytes.position();
    }

    private void skipped(long inLine, long more) {
        skippedChars = (inLine == skippedLine ? skippedChars : 0) + more;
        skippedLine = inLine;
    }

    /** A problem at a place as the parser knows it, at the place in the body: texts may have been skipped before it. */
    public ProblemException placed(ProblemException problem) {
        return problem.properties().get("line") instanceof Long inLine && inLine == skippedLine
                && problem.properties().get("column") instanceof Long inColumn
                        ? problem.with("column", inColumn + skippedChars)
                        : problem;
    }

    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        // The bytes of a character that is not whole yet are looked at again.
        int keep = (int) Math.max(0, Math.min(mark - base, Math.min(handedOut, validated)));
        if (keep > 0 && window.length - filled < BLOCK) {
            System.arraycopy(window, keep, window, 0, filled - keep);
            base += keep;
            filled -= keep;
            handedOut -= keep;
            validated -= keep;
        }
        if (window.length - filled < BLOCK) {
            memory.grow(window.length);
            window = Arrays.copyOf(window, window.length * 2);
        }
        int n = in.read(window, filled, BLOCK);
        if (n < 0) {
            ended = true;
            return false;
        }
        filled += n;
        if (weight > 0) {
            memory.grow((long) n * weight);
        }
        if (base + filled > maxBody) {
            throw new ProblemException(ProblemType.TOO_LARGE, "A body has at most " + maxBody + " bytes.")
                    .with("limit", maxBody);
        }
        return true;
    }

    private void validate(boolean end) {
        ByteBuffer bytes = ByteBuffer.wrap(window, validated, filled - validated);
        CoderResult result;
        do {
            chars.clear();
            result = utf8.decode(bytes, chars, end);
            count(chars.array(), 0, chars.position());
        } while (result.isOverflow());
        if (result.isError()) {
            throw malformed("The body is not UTF-8.", line, column);
        }
        validated = bytes.position();
    }

    private void count(char[] decoded, int offset, int length) {
        int last = -1;
        for (int i = 0; i < length; i++) {
            if (decoded[offset + i] == '\n') {
                line++;
                last = i;
            }
        }
        column = last < 0 ? column + length : length - last;
    }

    public static ProblemException malformed(String detail, long line, long column) {
        return new ProblemException(ProblemType.MALFORMED_JSON, detail).with("line", line).with("column", column);
    }
}
