package dev.wren.gateway.submission;

import java.io.IOException;

/** Takes data one by one, and large ones part by part: so none is in memory whole. */
interface DataSink {

    /**
     * The next part of a datum that is not its last.
     *
     * @param buffer holds a part of its JSON text, UTF-8, checked as far as it goes; it is changed after the call
     */
    void part(byte[] buffer, int offset, int length) throws IOException;

    /**
     * One more datum, or the last part of it where others were before.
     *
     * @param buffer holds its JSON text, checked, UTF-8; it is changed after the call
     */
    void add(byte[] buffer, int offset, int length) throws IOException;
}
