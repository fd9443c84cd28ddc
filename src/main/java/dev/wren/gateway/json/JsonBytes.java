package dev.wren.gateway.json;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.ProblemException;
import dev.wren.gateway.web.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A body as a parser reads it: checked to be UTF-8, counted, and kept from a mark on, so that parts of it can be had in
 * the very bytes that came. Read either as bytes or as characters. Used by one thread.
 */
public final class JsonBytes extends InputStream {

    private static final int BLOCK = 1 << 16;
    private static final int BOM = 3;

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

    /** From here on bytes are kept, and at most {@code max} of them until the next mark. */
    public void mark(long position, long max, ProblemException tooLarge) {
        mark = position;
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
        CharBuffer to = CharBuffer.wrap(buffer, offset, length);
        while (to.position() == 0) {
            ByteBuffer bytes = ByteBuffer.wrap(window, handedOut, filled - handedOut);
            if (utf8.decode(bytes, to, ended).isError()) {
                count(buffer, offset, to.position());
                throw malformed("The body is not UTF-8.", line, column);
            }
            handedOut = bytes.position();
            validated = handedOut;
            if (base + handedOut - mark - BLOCK > maxPart) {
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

    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        int keep = (int) Math.max(0, Math.min(mark - base, handedOut));
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
