package dev.wren.protocol;

/** A JSON value that travels with its record, or lies in an object of its own when it is too large for that. */
public sealed interface Value {

    /**
     * A value in its record.
     *
     * @param json UTF-8; not copied, and not to be changed by anyone
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Inline(byte[] json) implements Value {
    }

    /**
     * A value under {@link ObjectKeys#value}.
     *
     * @param size bytes of its JSON text
     */
    record Stored(long size) implements Value {
    }

    /**
     * A value in the object of all that one sending had too large for its records, {@link ObjectKeys#overflow}.
     *
     * @param offset of its first byte
     * @param size bytes of its JSON text
     */
    record Part(long offset, long size) implements Value {
    }
}
