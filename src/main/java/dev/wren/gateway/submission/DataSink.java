package dev.wren.gateway.submission;

import java.io.IOException;

/** Takes data one by one. */
@FunctionalInterface
interface DataSink {

    /**
     * One more datum.
     *
     * @param buffer holds its JSON text, checked, UTF-8; it is changed after the call
     */
    void add(byte[] buffer, int offset, int length) throws IOException;
}
