package dev.wren.protocol;

import java.util.OptionalInt;

/** Call ids: the decimal index, zero-padded to one width a callset. */
public final class CallIds {

    private static final int MIN_WIDTH = 5;

    private CallIds() {
    }

    /** Digits of every call id of a callset of {@code size} calls: max(5, digits of size-1). */
    public static int width(int size) {
        return Math.max(MIN_WIDTH, Integer.toString(Math.max(0, size - 1)).length());
    }

    /** The id of the call {@code index} of a callset of {@code size} calls. */
    public static String format(int index, int size) {
        String digits = Integer.toString(index);
        return "0".repeat(width(size) - digits.length()) + digits;
    }

    /** The index of a call id, or nothing if a callset of {@code size} calls has no such call, in just this form. */
    public static OptionalInt parse(String callId, int size) {
        if (callId.length() != width(size) || !callId.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return OptionalInt.empty();
        }
        long index = Long.parseLong(callId);
        return index < size ? OptionalInt.of((int) index) : OptionalInt.empty();
    }
}
