package dev.wren.gateway.executor.remote;

import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;

/** A queue of SQS, made where it is missing. Every method throws {@link SdkException}. Safe for use by several threads. */
public final class SqsQueue implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SqsQueue.class);
    /** The longest wait for messages, and the most of them, that SQS allows. */
    static final Duration LONGEST = Duration.ofSeconds(20);
    /** Messages of a batch. */
    public static final int MOST = 10;
    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final int RETENTION_DAYS = 4;

    private final SqsClient client;
    private final String name;
    private final Duration visibility;
    /** Somebody waits for the answer. */
    private final Duration timeout;
    private volatile @Nullable String url;

    /**
     * A queue by a client of its own, which is closed with it. Asks nobody yet.
     *
     * @param connections requests at once
     * @param timeout of one try of a request, beyond the wait for messages
     */
    public SqsQueue(AwsClientBuilderConfigurer aws, String name, int connections, Duration timeout,
            Duration visibility) {
        this(client(aws, connections, timeout), name, timeout, visibility);
    }

    /** A queue by a client that other queues use, too. */
    SqsQueue(SqsClient client, String name, Duration timeout, Duration visibility) {
        this.client = client;
        this.name = name;
        this.visibility = visibility;
        this.timeout = timeout;
    }

    /**
     * A client for queues.
     *
     * @param connections requests at once
     * @param timeout of one try of a request, beyond the wait for messages
     */
    static SqsClient client(AwsClientBuilderConfigurer aws, int connections, Duration timeout) {
        Duration longest = timeout.plus(LONGEST);
        return aws.configure(SqsClient.builder())
                .httpClientBuilder(Apache5HttpClient.builder().maxConnections(connections)
                        .connectionAcquisitionTimeout(longest).connectionTimeout(CONNECT).socketTimeout(longest))
                .overrideConfiguration(each -> each.apiCallAttemptTimeout(longest))
                .build();
    }

    /** Where it is; looked up, or made, once. */
    public String url() {
        String known = url;
        if (known == null) {
            known = find();
            url = known;
        }
        return known;
    }

    private String find() {
        try {
            return client.getQueueUrl(get -> get.queueName(name).overrideConfiguration(
                    each -> each.apiCallAttemptTimeout(timeout).apiCallTimeout(timeout))).queueUrl();
        } catch (QueueDoesNotExistException e) {
            log.info("the queue {} is not there, and is made", name);
            return client.createQueue(create -> create.queueName(name).attributes(Map.of(
                    QueueAttributeName.VISIBILITY_TIMEOUT, Long.toString(visibility.toSeconds()),
                    QueueAttributeName.MESSAGE_RETENTION_PERIOD,
                    Long.toString(Duration.ofDays(RETENTION_DAYS).toSeconds()))))
                    .queueUrl();
        }
    }

    /** Sets tags of it. */
    public void tag(Map<String, String> tags) {
        client.tagQueue(tag -> tag.queueUrl(url()).tags(tags));
    }

    /**
     * A message to be sent.
     *
     * @param body in ASCII
     * @param group the message group (tenant and callset): where many wait, all groups get on
     */
    public record Letter(String body, String group) {

        /** Bytes that count. */
        public int size() {
            return body.length();
        }
    }

    /** Sends up to ten messages, of 1 MiB together. Returns those that were not taken, and may be sent again. */
    public List<Letter> send(List<Letter> letters) {
        SendMessageBatchResponse answer = client.sendMessageBatch(send -> send.queueUrl(url())
                .entries(IntStream.range(0, letters.size()).mapToObj(i -> SendMessageBatchRequestEntry.builder()
                        .id(Integer.toString(i)).messageBody(letters.get(i).body())
                        .messageGroupId(letters.get(i).group())
                        .build()).toList())
                .overrideConfiguration(each -> each.apiCallAttemptTimeout(timeout)));
        if (answer.hasFailed() && !answer.failed().isEmpty()) {
            log.warn("{} of {} messages are not taken by the queue {}: {}", answer.failed().size(), letters.size(),
                    name,
                    answer.failed().getFirst().message());
        }
        return answer.failed().stream().map(failed -> letters.get(Integer.parseInt(failed.id()))).toList();
    }

    /** Messages, up to {@link #MOST}, waiting for one if there is none, for up to {@link #LONGEST}. */
    List<Message> receive(int most, Duration wait) {
        return client.receiveMessage(receive -> receive.queueUrl(url()).maxNumberOfMessages(most)
                .waitTimeSeconds((int) wait.toSeconds()).visibilityTimeout((int) visibility.toSeconds())).messages();
    }

    /** About how many messages there are: those that wait, and those that are in hand. */
    public long depth() {
        Map<QueueAttributeName, String> found = client.getQueueAttributes(get -> get.queueUrl(url()).attributeNames(
                QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)).attributes();
        return found.values().stream().mapToLong(Long::parseLong).sum();
    }

    /** Deletes messages, ten with a request. One that is not deleted is given out again. */
    void delete(Collection<String> handles) {
        List<String> all = List.copyOf(handles);
        for (int from = 0; from < all.size(); from += MOST) {
            List<String> batch = all.subList(from, Math.min(all.size(), from + MOST));
            var answer = client.deleteMessageBatch(delete -> delete.queueUrl(url())
                    .entries(IntStream.range(0, batch.size())
                            .mapToObj(i -> DeleteMessageBatchRequestEntry.builder().id(Integer.toString(i))
                                    .receiptHandle(batch.get(i)).build())
                            .toList()));
            if (answer.hasFailed() && !answer.failed().isEmpty()) {
                log.warn("{} messages of the queue {} are not deleted, and come again: {}", answer.failed().size(),
                        name,
                        answer.failed().getFirst().message());
            }
        }
    }

    /** Messages that were received can be received again at once. */
    void letGo(Collection<String> handles) {
        List<String> all = List.copyOf(handles);
        for (int from = 0; from < all.size(); from += MOST) {
            List<String> batch = all.subList(from, Math.min(all.size(), from + MOST));
            client.changeMessageVisibilityBatch(change -> change.queueUrl(url())
                    .entries(IntStream.range(0, batch.size())
                            .mapToObj(i -> ChangeMessageVisibilityBatchRequestEntry.builder().id(Integer.toString(i))
                                    .receiptHandle(batch.get(i)).visibilityTimeout(0).build())
                            .toList()));
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
