package dev.wren.gateway.web;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A place in a list, as an opaque text: the key of the last item, bound to the list and its filters. It names a key and
 * not a position, so it outlives restarts, and writes in between.
 */
public final class Cursor {

    private static final byte VERSION = 1;
    private static final int HEAD = 1 + Integer.BYTES;

    private Cursor() {
    }

    /**
     * The text of a place.
     *
     * @param list which list, with its filters
     * @param key of the last item that was shown
     */
    public static String encode(String list, String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(HEAD + bytes.length);
        out.put(VERSION).putInt(check(list, key)).put(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(out.array());
    }

    /**
     * The key of a place; null for no cursor.
     *
     * @throws ProblemException {@code invalid-request} if it is no cursor of this list
     */
    public static @Nullable String decode(String list, @Nullable String cursor) {
        if (cursor == null) {
            return null;
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(cursor);
            if (bytes.length > HEAD && bytes[0] == VERSION) {
                String key = new String(Arrays.copyOfRange(bytes, HEAD, bytes.length), StandardCharsets.UTF_8);
                if (ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt() == check(list, key)
                        && encode(list, key).equals(cursor)) {
                    return key;
                }
            }
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        throw invalid();
    }

    /** What a text is answered with that is no cursor of a list. */
    public static ProblemException invalid() {
        return ProblemException.atParameter(ProblemType.INVALID_REQUEST, "cursor",
                "The cursor of a next link of this list, with the same filters.");
    }

    /**
     * A limit of a list.
     *
     * @throws ProblemException {@code invalid-request} outside of 1 to 1,000
     */
    public static int limit(int limit) {
        if (limit < 1 || limit > 1000) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "limit",
                    "A whole number from 1 to 1000.");
        }
        return limit;
    }

    private static int check(String list, String key) {
        CRC32C crc = new CRC32C();
        crc.update((list + "\n" + key).getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }
}
