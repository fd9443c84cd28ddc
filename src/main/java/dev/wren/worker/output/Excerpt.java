package dev.wren.worker.output;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes of output, which may be any bytes, a short text that is valid UTF-8. */
final class Excerpt {

    private Excerpt() {
    }

    /**
     * Head and tail of a log, and how much of the output is not there.
     *
     * @param log what was kept of the output
     * @param headSize bytes of it that are the output's begin without a gap
     * @param total bytes of the whole output, more than {@code limit}
     * @param limit bytes of the log to show
     */
    static byte[] of(byte[] log, int headSize, long total, int limit) {
        int head = cutBefore(log, Math.min(headSize, limit / 2));
        int tail = cutAfter(log, log.length - (limit - limit / 2));
        byte[] start = valid(log, 0, head);
        byte[] marker = CallOutput.marker(total - head - (log.length - tail));
        byte[] end = valid(log, tail, log.length - tail);
        byte[] all = Arrays.copyOf(start, start.length + marker.length + end.length);
        System.arraycopy(marker, 0, all, start.length, marker.length);
        System.arraycopy(end, 0, all, start.length + marker.length, end.length);
        return all;
    }

    /** The same bytes where they are UTF-8, with a replacement character for each that is not. */
    static byte[] valid(byte[] bytes, int offset, int length) {
        return new String(bytes, offset, length, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    }

    /** The largest position up to {@code end} that is not within a character. */
    private static int cutBefore(byte[] bytes, int end) {
        if (end >= bytes.length) {
            return end;
        }
        int at = end;
        while (at > 0 && end - at < 3 && isContinuation(bytes[at])) {
            at--;
        }
        return isContinuation(bytes[at]) ? end : at;
    }

    /** The smallest position from {@code start} on that is not within a character. */
    private static int cutAfter(byte[] bytes, int start) {
        int at = Math.max(start, 0);
        int limit = Math.min(bytes.length, at + 3);
        while (at > 0 && at < limit && isContinuation(bytes[at])) {
            at++;
        }
        return at;
    }

    private static boolean isContinuation(byte b) {
        return (b & 0xC0) == 0x80;
    }
}
