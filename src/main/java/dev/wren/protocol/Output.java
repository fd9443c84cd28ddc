package dev.wren.protocol;

/**
 * What an attempt wrote to standard output and error.
 *
 * @param excerpt UTF-8 text, its head and tail when the whole is longer than the worker was told to report
 * @param logSize bytes of the log, or 0 when the excerpt is the whole output
 * @param logOffset of the log's first byte in {@link ObjectKeys#overflow}, or {@link #OWN_OBJECT} where the log is under
 * {@link ObjectKeys#log}
 */
@SuppressWarnings("ArrayRecordComponent")
public record Output(byte[] excerpt, long logSize, long logOffset) {

    /** {@link #logOffset} of a log in an object of its own. */
    public static final long OWN_OBJECT = -1;
    /** Nothing was written. */
    public static final Output NONE = new Output(new byte[0], 0);

    /** Output whose log, if it has one, is an object of its own. */
    public Output(byte[] excerpt, long logSize) {
        this(excerpt, logSize, OWN_OBJECT);
    }
}
