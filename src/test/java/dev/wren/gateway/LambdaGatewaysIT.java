package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.shard.HeldShards;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.sqs.model.Message;
import tools.jackson.databind.JsonNode;

/** Several gateways whose executor is Lambda: its reports find the one that drives. */
class LambdaGatewaysIT {

    private static final int CALLS = 120;

    private static List<RunningGateway> start(TestLambda lambda, Path store, int number) {
        List<RunningGateway> gateways = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            gateways.add(lambda.gateway(store));
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> gateways.stream()
                .allMatch(each -> each.bean(HeldShards.class).all().size() >= 16 / number));
        await().atMost(Duration.ofSeconds(30)).until(() -> gateways.stream()
                .allMatch(each -> each.http().get("/calls").status() == 200));
        return gateways;
    }

    private static void assertSquares(Http http, String id) {
        JsonNode callset = http.done(id);
        assertThat(callset.path("states").path("success").asInt()).as(callset.toString()).isEqualTo(CALLS);
        assertThat(http.get("/calls/" + id + "/results").json().valueStream().map(JsonNode::asInt))
                .containsExactlyElementsOf(IntStream.range(0, CALLS).mapToObj(i -> i * i).toList());
    }

    /**
     * What one has sent, another awaits when the first has gone. And reports come to other queues than those of their shards,
     * as records of failures do, which all go to one.
     */
    @Test
    void a_report_finds_whoever_drives(@TempDir Path store) throws Exception {
        try (TestLambda lambda = TestLambda.start()) {
            List<RunningGateway> gateways = start(lambda, store, 2);
            try {
                List<String> queues = lambda.queues(store);
                assertThat(queues).hasSize(16);
                Thread mover = Thread.ofVirtual().start(() -> {
                    for (int queue = 0; !Thread.currentThread().isInterrupted(); queue++) {
                        move(lambda, queues, queue % queues.size());
                    }
                });
                RunningGateway first = gateways.removeFirst();
                String id = first.http().map(ExecutorContract.map(",\"chunkSize\":3", ExecutorContract.squares(CALLS)));
                first.http().until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 10);
                first.close();
                await().atMost(Duration.ofSeconds(60)).until(() -> moved.get() > 3 || isDone(gateways, id));
                mover.interrupt();
                mover.join();
                assertSquares(gateways.getFirst().http(), id);
                await().atMost(Duration.ofSeconds(20)).until(() -> lambda.waiting(store) == 0);
            } finally {
                gateways.forEach(RunningGateway::close);
            }
        }
    }

    private final AtomicInteger moved = new AtomicInteger();

    private static boolean isDone(List<RunningGateway> gateways, String id) {
        return gateways.getLast().http().get("/calls/" + id).json().path("done").asBoolean();
    }

    private void move(TestLambda lambda, List<String> queues, int queue) {
        String from = queues.get(queue);
        String to = queues.get((queue + 7) % queues.size());
        for (Message message : lambda.sqs().receiveMessage(receive -> receive.queueUrl(from).maxNumberOfMessages(10))
                .messages()) {
            lambda.sqs().sendMessage(send -> send.queueUrl(to).messageBody(message.body()));
            lambda.sqs().deleteMessage(delete -> delete.queueUrl(from).receiptHandle(message.receiptHandle()));
            moved.incrementAndGet();
        }
    }
}
