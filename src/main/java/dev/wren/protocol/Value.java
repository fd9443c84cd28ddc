package dev.wren.protocol;

/** A JSON value that travels with its record, or lies in an object of its own when it is too large for that. */
public sealed interface Value {

    /** Bytes of the JSON text. */
    long size();

    /**
     * A value in its record.
     *
     * @param json UTF-8; not copied, and not to be changed by anyone
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Inline(byte[] json) implements Value {
        @Override
        public long size() {
            return json.length;
        }
    }

    /** A value under {@link ObjectKeys#value}. */
    record Stored(long size) implements Value {
    }
}
