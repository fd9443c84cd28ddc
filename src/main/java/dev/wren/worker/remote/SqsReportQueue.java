package dev.wren.worker.remote;

import java.io.IOException;
import java.time.Duration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.sqs.SqsClient;

/** SQS, with region, credentials and endpoint as the AWS SDK finds them. Safe for use by several threads. */
public final class SqsReportQueue implements ReportQueue, AutoCloseable {

    private static final Duration TRY = Duration.ofSeconds(8);
    private static final Duration ALL_TRIES = Duration.ofSeconds(30);

    private final SqsClient client;

    public SqsReportQueue() {
        this(SqsClient.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder().connectionTimeout(Duration.ofSeconds(3))
                        .socketTimeout(TRY))
                .build());
    }

    /**
     * Uses a client that is there.
     *
     * @param client is closed with this
     */
    public SqsReportQueue(SqsClient client) {
        this.client = client;
    }

    @Override
    public void send(String url, String body) throws IOException {
        try {
            client.sendMessage(message -> message.queueUrl(url).messageBody(body).overrideConfiguration(
                    each -> each.apiCallAttemptTimeout(TRY).apiCallTimeout(ALL_TRIES)));
        } catch (SdkException e) {
            throw new IOException("the queue of reports does not take them: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
