package dev.wren.worker.standalone;

import dev.wren.protocol.remote.RemoteHeartbeat;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * The queue that a pool's machines take invocations from. Region, credentials and endpoint are as the AWS SDK finds them.
 * Every method throws {@link software.amazon.awssdk.core.exception.SdkException}. Safe for use by several threads.
 */
final class WorkQueue implements AutoCloseable {

    /** The most messages that SQS gives at once. */
    static final int MOST = 10;
    /** A wait for messages is not cut short, and a machine that ends waits for it: so it is not the longest. */
    private static final int WAIT_SECONDS = 5;
    private static final Duration ANSWER = Duration.ofSeconds(8);

    private final SqsClient client;
    private final String url;
    private final int visibilitySeconds;

    /**
     * Asks nobody yet.
     *
     * @param visibilitySeconds how long a message that was taken is not given out again, unless it is held for longer
     */
    WorkQueue(String url, int visibilitySeconds) {
        this(SqsClient.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder().connectionTimeout(Duration.ofSeconds(3))
                        .socketTimeout(ANSWER.plusSeconds(WAIT_SECONDS)))
                .overrideConfiguration(each -> each.apiCallAttemptTimeout(ANSWER.plusSeconds(WAIT_SECONDS)))
                .build(), url, visibilitySeconds);
    }

    /**
     * With a client of its own.
     *
     * @param client which is closed with the queue
     */
    WorkQueue(SqsClient client, String url, int visibilitySeconds) {
        this.client = client;
        this.url = url;
        this.visibilitySeconds = visibilitySeconds;
    }

    /** The client, for other queues. */
    SqsClient client() {
        return client;
    }

    /** The last part of the URL. */
    String name() {
        return url.substring(url.lastIndexOf('/') + 1);
    }

    /** Where the pool's gateway reads what machines say of themselves; it is a tag of this queue. */
    Optional<String> reports() {
        return Optional.ofNullable(client.listQueueTags(list -> list.queueUrl(url)).tags()
                .get(RemoteHeartbeat.REPORTS_TAG));
    }

    /** Up to {@code most} messages, from 1 to 10, waiting for one if there is none. */
    List<Message> receive(int most) {
        return client.receiveMessage(receive -> receive.queueUrl(url).maxNumberOfMessages(most)
                .waitTimeSeconds(WAIT_SECONDS).visibilityTimeout(visibilitySeconds)
                .messageSystemAttributeNames(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT)).messages();
    }

    /** From now on messages are not given out again for the time of their visibility. */
    void hold(List<String> handles) {
        change(handles, visibilitySeconds);
    }

    /** Messages can be taken again at once. */
    void giveBack(List<String> handles) {
        change(handles, 0);
    }

    private void change(List<String> handles, int seconds) {
        for (int from = 0; from < handles.size(); from += MOST) {
            List<String> batch = handles.subList(from, Math.min(handles.size(), from + MOST));
            client.changeMessageVisibilityBatch(change -> change.queueUrl(url)
                    .entries(IntStream.range(0, batch.size())
                            .mapToObj(i -> ChangeMessageVisibilityBatchRequestEntry.builder().id(Integer.toString(i))
                                    .receiptHandle(batch.get(i)).visibilityTimeout(seconds).build())
                            .toList()));
        }
    }

    /** Up to ten are over with. */
    void delete(List<String> handles) {
        var _ = client.deleteMessageBatch(delete -> delete.queueUrl(url)
                .entries(IntStream.range(0, handles.size())
                        .mapToObj(i -> DeleteMessageBatchRequestEntry.builder().id(Integer.toString(i))
                                .receiptHandle(handles.get(i)).build())
                        .toList()));
    }

    @Override
    public void close() {
        client.close();
    }
}
