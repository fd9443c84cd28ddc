package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.SqsQueue;
import dev.wren.protocol.remote.RemoteHeartbeat;
import java.util.Map;

/**
 * The queue that a pool's machines take invocations from, with the tag that tells them where their heartbeats go. Every
 * method throws {@link software.amazon.awssdk.core.exception.SdkException}. Safe for use by several threads.
 */
final class WorkQueue implements AutoCloseable {

    private final SqsQueue queue;
    private final ReportsQueue reports;
    private volatile boolean tagged;

    WorkQueue(SqsQueue queue, ReportsQueue reports) {
        this.queue = queue;
        this.reports = reports;
    }

    /** Where it is. It is there, and has its tag, when this returns. */
    String url() {
        String url = queue.url();
        if (!tagged) {
            queue.tag(Map.of(RemoteHeartbeat.REPORTS_TAG, reports.url()));
            tagged = true;
        }
        return url;
    }

    SqsQueue queue() {
        return queue;
    }

    @Override
    public void close() {
        queue.close();
    }
}
