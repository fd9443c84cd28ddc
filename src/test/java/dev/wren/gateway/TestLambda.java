package dev.wren.gateway;

import dev.wren.gateway.aws.LambdaServer;
import dev.wren.gateway.aws.SqsServer;
import dev.wren.gateway.store.s3.S3Server;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.context.support.GenericApplicationContext;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Stand-ins for Lambda, SQS and S3, and gateways that use them. */
final class TestLambda implements AutoCloseable {

    private final SqsServer sqs = SqsServer.start();
    private final LambdaServer functions = LambdaServer.start(sqs);
    private final SqsClient client = sqs.client();
    private final Map<Path, String> queues = new HashMap<>();
    private URI endpoint = functions.endpoint();

    private TestLambda() {
    }

    static TestLambda start() {
        return new TestLambda();
    }

    LambdaServer functions() {
        return functions;
    }

    SqsClient sqs() {
        return client;
    }

    /** The queue of the gateways with that store; with another store all begins anew. */
    private String queue(Path store) {
        return queues.computeIfAbsent(store, _ -> {
            functions.calm();
            String name = "reports-" + queues.size();
            functions.failuresTo(client.createQueue(create -> create.queueName(name + "-0")).queueUrl());
            return name;
        });
    }

    /** Gateways that are started from now on find Lambda there. */
    void at(URI endpoint) {
        this.endpoint = endpoint;
    }

    /** A gateway whose executor is Lambda, with the test functions. */
    RunningGateway gateway(Path store, String... settings) {
        return RunningGateway.startWithFunctions(store, this::endpoints, settings(store, settings));
    }

    /** The same, with the jars that the store has. */
    RunningGateway next(Path store, String... settings) {
        return RunningGateway.start(store, this::endpoints, settings(store, settings));
    }

    private void endpoints(GenericApplicationContext context) {
        TestEndpoints.in(context, service -> switch (service) {
            case LAMBDA -> endpoint;
            case SQS -> sqs.endpoint();
            case EC2 -> null;
        });
    }

    private String[] settings(Path store, String... more) {
        String queue = queue(store);
        return Stream.of(TestStore.onS3(store).stream(),
                Stream.of("--wren.default-executor=lambda", "--wren.executors.lambda.functions=wren-worker:live",
                        "--wren.remote.reports-queue=" + queue, "--wren.remote.visibility=2s",
                        "--wren.remote.failure-grace=500ms", "--wren.gateways.lease=5s"),
                Stream.of(more)).flatMap(each -> each).toArray(String[]::new);
    }

    /** Arguments of such a gateway that is a process of its own, which finds the stand-ins as the AWS SDK does. */
    String[] arguments(Path store, String... more) {
        Stream<String> found = Map.of("aws.endpointUrlSqs", sqs.endpoint().toString(), "aws.endpointUrlLambda",
                endpoint.toString(), "aws.endpointUrlS3", TestStore.s3().endpoint().toString(), "aws.region",
                "us-east-1", "aws.accessKeyId", S3Server.KEY, "aws.secretAccessKey", S3Server.SECRET).entrySet()
                .stream().map(each -> "-D" + each.getKey() + "=" + each.getValue());
        return Stream.concat(found, Stream.of(settings(store, more))
                .filter(each -> !each.startsWith("--spring.cloud.aws."))).toArray(String[]::new);
    }

    /** Keys of the store, as {@link TestStore#keys} gives them. */
    List<String> keys(Path store, String prefix) {
        return TestStore.keysOnS3(store, prefix);
    }

    /** The queues of reports of the gateways with that store, by their shards. */
    List<String> queues(Path store) {
        String name = queue(store);
        return client.listQueues(list -> list.queueNamePrefix(name + "-")).queueUrls();
    }

    /** Messages in those: those that wait, and those that are in hand. */
    int waiting(Path store) {
        return queues(store).stream().flatMap(url -> client
                .getQueueAttributes(get -> get.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributes()
                .entrySet().stream()).filter(each -> each.getKey().toString().startsWith("ApproximateNumberOfMessages"))
                .mapToInt(each -> Integer.parseInt(each.getValue())).sum();
    }

    /** Requests that the store has got from workers, since this was asked first. */
    int requestsOfWorkers(Path store) {
        return TestStore.s3().proxy().byLink(TestStore.prefix(store));
    }

    @Override
    public void close() {
        functions.close();
        client.close();
        sqs.close();
    }
}
