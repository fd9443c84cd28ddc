package dev.wren.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.aws.SqsServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** What becomes of the messages of a machine that ends. */
class HolderTest {

    /** Lets a request that deletes go on when it is allowed to. */
    private static final class Gate implements ExecutionInterceptor {

        private final Semaphore arrived = new Semaphore(0);
        private final Semaphore open = new Semaphore(0);

        @Override
        public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
            if (context.request() instanceof DeleteMessageBatchRequest) {
                arrived.release();
                try {
                    open.acquire();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Else it is given to another machine, although its calls have ended. */
    @Test
    void what_is_being_deleted_and_what_is_over_is_deleted_before_the_end() throws Exception {
        Gate gate = new Gate();
        try (SqsServer server = SqsServer.start(); SqsClient seen = server.client()) {
            String url = seen.createQueue(create -> create.queueName("work")).queueUrl();
            WorkQueue queue = new WorkQueue(server.client(gate), url, 60);
            for (int i = 0; i < 3; i++) {
                seen.sendMessage(send -> send.queueUrl(url).messageBody("a call"));
            }
            Holder holder = new Holder(queue, 60);
            List<Message> messages = queue.receive(WorkQueue.MOST);
            assertThat(messages).hasSize(3);
            messages.forEach(message -> holder.add(message.receiptHandle()));
            holder.done(messages.getFirst().receiptHandle());
            gate.arrived.acquire();
            messages.stream().skip(1).forEach(message -> holder.done(message.receiptHandle()));
            Thread closing = Thread.ofPlatform().start(holder::close);
            await().atMost(Duration.ofSeconds(10)).until(
                    () -> closing.getState() == Thread.State.TIMED_WAITING);
            gate.open.release(2);
            closing.join();
            assertThat(seen.getQueueAttributes(get -> get.queueUrl(url)
                    .attributeNames(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)).attributes()
                    .values()).containsExactly("0");
            queue.close();
        }
    }
}
