package dev.wren.worker.remote;

import java.io.IOException;

/** Where reports are sent. Safe for use by several threads. */
@FunctionalInterface
public interface ReportQueue {

    /** Bytes of a message, at most: what SQS takes, less room for what it adds. */
    int LIMIT = (1 << 20) - 1024;

    /**
     * Sends a message.
     *
     * @param url of the queue
     * @param body at most {@link #LIMIT} bytes, ASCII
     * @throws IOException if the queue does not take it
     */
    void send(String url, String body) throws IOException;
}
