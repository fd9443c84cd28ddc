package dev.wren.gateway;

import dev.wren.gateway.aws.LambdaServer;
import dev.wren.gateway.aws.SqsServer;
import dev.wren.gateway.store.s3.S3Server;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.services.sqs.SqsClient;

/** Stand-ins for Lambda, SQS and S3, and gateways that use them. */
final class TestLambda implements AutoCloseable {

    private final SqsServer sqs = SqsServer.start();
    private final LambdaServer functions = LambdaServer.start(sqs);
    private final SqsClient client = sqs.client();
    private final Map<String, String> before;
    private final Map<Path, String> queues = new HashMap<>();

    private TestLambda() {
        // As the AWS SDK finds them.
        before = Map.of("aws.endpointUrlSqs", sqs.endpoint().toString(), "aws.endpointUrlLambda",
                functions.endpoint().toString(), "aws.endpointUrlS3", TestStore.s3().endpoint().toString(),
                "aws.region",
                "us-east-1", "aws.accessKeyId", S3Server.KEY, "aws.secretAccessKey", S3Server.SECRET);
        before.forEach(System::setProperty);
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
            functions.clear();
            String name = "reports-" + queues.size();
            functions.failuresTo(client.createQueue(create -> create.queueName(name + "-0")).queueUrl());
            return name;
        });
    }

    /** A gateway whose executor is Lambda. */
    RunningGateway gateway(Path store, String... settings) {
        return RunningGateway.startWithFunctions(store, settings(store, settings));
    }

    /** Settings of such a gateway, its store included. */
    String[] settings(Path store, String... more) {
        String queue = queue(store);
        return Stream.of(TestStore.onS3(store).stream()
                .filter(each -> !each.startsWith("--spring.cloud.aws.")),
                Stream.of("--wren.default-executor=lambda", "--wren.executors.lambda.functions=wren-worker:live",
                        "--wren.remote.reports-queue=" + queue, "--wren.remote.visibility=2s",
                        "--wren.remote.failure-grace=500ms", "--spring.cloud.aws.endpoint="),
                Stream.of(more)).flatMap(each -> each).toArray(String[]::new);
    }

    @Override
    public void close() {
        before.keySet().forEach(System::clearProperty);
        functions.close();
        client.close();
        sqs.close();
    }
}
