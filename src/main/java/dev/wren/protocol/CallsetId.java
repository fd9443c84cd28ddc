package dev.wren.protocol;

import java.util.Optional;

/**
 * The id of a callset: 26 lowercase letters and digits (Crockford's base 32), sortable by time. 10 characters of
 * milliseconds since the epoch, 2 of the shard, 14 of chance.
 *
 * @param text the id as callers see it
 */
public record CallsetId(String text) implements Comparable<CallsetId> {

    /** Shards are numbered from 0 to this, exclusive. */
    public static final int MAX_SHARDS = 1 << 10;

    private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
    private static final int TIME = 10;
    private static final int SHARD = 2;
    private static final int CHANCE = 14;
    private static final int LENGTH = TIME + SHARD + CHANCE;

    public CallsetId {
        if (!isValid(text)) {
            throw new IllegalArgumentException("not a callset id: " + text);
        }
    }

    /**
     * A new id.
     *
     * @param millis since the epoch, 0 to 2^48-1
     * @param shard from 0 to {@link #MAX_SHARDS}, exclusive
     * @param chance two random numbers, of which 70 bits are used
     */
    public static CallsetId of(long millis, int shard, long chance, long moreChance) {
        StringBuilder id = new StringBuilder(LENGTH);
        digits(id, millis, TIME);
        digits(id, shard, SHARD);
        digits(id, chance >>> 24, CHANCE / 2);
        digits(id, moreChance >>> 24, CHANCE / 2);
        return new CallsetId(id.toString());
    }

    /** The id of that text, or nothing if it is none. */
    public static Optional<CallsetId> parse(String text) {
        return isValid(text) ? Optional.of(new CallsetId(text)) : Optional.empty();
    }

    /** The id whose {@link #key()} this is, or nothing if there is none. */
    public static Optional<CallsetId> ofKey(String key) {
        return isValid(key) ? Optional.of(new CallsetId(invertTime(key))) : Optional.empty();
    }

    /** When the callset was made, milliseconds since the epoch. */
    public long millis() {
        return number(0, TIME);
    }

    /** The shard that drives the callset. */
    public int shard() {
        return (int) number(TIME, TIME + SHARD);
    }

    /** The id as it is in a key: with its time inverted, so that the order of keys is newest first. */
    public String key() {
        return invertTime(text);
    }

    @Override
    public int compareTo(CallsetId other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }

    private static String invertTime(String id) {
        StringBuilder inverted = new StringBuilder(LENGTH);
        for (int i = 0; i < TIME; i++) {
            inverted.append(ALPHABET.charAt(ALPHABET.length() - 1 - ALPHABET.indexOf(id.charAt(i))));
        }
        return inverted.append(id, TIME, LENGTH).toString();
    }

    private static boolean isValid(String text) {
        if (text.length() != LENGTH) {
            return false;
        }
        for (int i = 0; i < LENGTH; i++) {
            if (ALPHABET.indexOf(text.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    private long number(int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            value = value << 5 | ALPHABET.indexOf(text.charAt(i));
        }
        return value;
    }

    private static void digits(StringBuilder id, long value, int count) {
        for (int shift = 5 * (count - 1); shift >= 0; shift -= 5) {
            id.append(ALPHABET.charAt((int) (value >>> shift & 31)));
        }
    }
}
