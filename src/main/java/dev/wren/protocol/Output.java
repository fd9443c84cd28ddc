package dev.wren.protocol;

/**
 * What an attempt wrote to standard output and error.
 *
 * @param excerpt UTF-8 text, its head and tail when the whole is longer than the worker was told to report
 * @param logSize bytes of the log under {@link ObjectKeys#log}, or 0 when the excerpt is the whole output
 */
@SuppressWarnings("ArrayRecordComponent")
public record Output(byte[] excerpt, long logSize) {

    /** Nothing was written. */
    public static final Output NONE = new Output(new byte[0], 0);
}
