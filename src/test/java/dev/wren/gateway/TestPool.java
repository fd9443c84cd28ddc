package dev.wren.gateway;

import dev.wren.gateway.aws.Ec2Server;
import dev.wren.gateway.aws.SqsServer;
import dev.wren.gateway.store.s3.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Stand-ins for SQS and S3, gateways with a pool, and machines that join it by the documented command. */
final class TestPool implements AutoCloseable {

    private static final Path JAR = Path.of(System.getProperty("test.wren.worker")).toAbsolutePath();

    private final SqsServer sqs = SqsServer.start();
    private final SqsClient client = sqs.client();
    private final Map<String, String> properties;
    private final Map<Path, Integer> numbers = new HashMap<>();
    private final List<Process> machines = new ArrayList<>();
    private @Nullable Ec2Server ec2;

    private TestPool() {
        // As the AWS SDK finds them.
        properties = Map.of("aws.endpointUrlSqs", sqs.endpoint().toString(), "aws.endpointUrlS3",
                TestStore.s3().endpoint().toString(), "aws.region", "us-east-1", "aws.accessKeyId", S3Server.KEY,
                "aws.secretAccessKey", S3Server.SECRET);
        properties.forEach(System::setProperty);
    }

    static TestPool start() {
        return new TestPool();
    }

    /** With EC2, whose machines have {@code options} besides those of their user-data. */
    static TestPool startWithEc2(String options) {
        TestPool pool = new TestPool();
        Ec2Server server = Ec2Server.start(Map.of("AWS_ENDPOINT_URL_SQS", pool.sqs.endpoint().toString(), "WREN_MORE",
                options));
        pool.ec2 = server;
        System.setProperty("aws.endpointUrlEc2", server.endpoint().toString());
        return pool;
    }

    Ec2Server ec2() {
        return Objects.requireNonNull(ec2);
    }

    private int number(Path store) {
        return numbers.computeIfAbsent(store, _ -> numbers.size());
    }

    /** The queue of work of the gateways with that store. */
    String queue(Path store) {
        return "pool-" + number(store);
    }

    String queueUrl(Path store) {
        return client.createQueue(create -> create.queueName(queue(store))).queueUrl();
    }

    /** A gateway whose executor is the pool. */
    RunningGateway gateway(Path store, String... settings) {
        return RunningGateway.startWithFunctions(store, settings(store, settings));
    }

    /** Settings of such a gateway, its store included. */
    String[] settings(Path store, String... more) {
        return Stream.of(TestStore.onS3(store).stream()
                .filter(each -> !each.startsWith("--spring.cloud.aws.")),
                Stream.of("--wren.default-executor=standalone", "--wren.executors.standalone.queue=" + queue(store),
                        "--wren.remote.reports-queue=pool-reports-" + number(store), "--wren.remote.visibility=2s",
                        "--wren.dispatch.lease=5s", "--spring.cloud.aws.endpoint="),
                Stream.of(more)).flatMap(each -> each).toArray(String[]::new);
    }

    /** A machine that joins the pool. */
    Process machine(Path store, String... options) {
        try {
            Path output = Files.createTempFile("wren-machine-", ".log");
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC", "-Xmx128m", "-XX:+AutoCreateSharedArchive",
                    "-XX:SharedArchiveFile=" + JAR.resolveSibling("wren-machine.jsa"), "-jar", JAR.toString(),
                    "standalone", "--queue-url",
                    queueUrl(store)));
            command.addAll(List.of(options));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().clear();
            builder.environment().putAll(Map.of("AWS_REGION", "us-east-1", "AWS_ACCESS_KEY_ID", "worker",
                    "AWS_SECRET_ACCESS_KEY", "secret", "AWS_ENDPOINT_URL_SQS", sqs.endpoint().toString(), "PATH",
                    "/usr/bin:/bin"));
            Process machine = builder.start();
            machines.add(machine);
            return machine;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Messages in the queue of work: those that wait, and those that are in hand. */
    int waiting(Path store) {
        return client
                .getQueueAttributes(get -> get.queueUrl(queueUrl(store)).attributeNames(QueueAttributeName.ALL))
                .attributes().entrySet().stream()
                .filter(each -> each.getKey().toString().startsWith("ApproximateNumberOfMessages"))
                .mapToInt(each -> Integer.parseInt(each.getValue())).sum();
    }

    /** Ends the machines without notice. */
    void endMachines() {
        machines.forEach(machine -> {
            machine.descendants().forEach(ProcessHandle::destroyForcibly);
            machine.destroyForcibly();
        });
        machines.forEach(machine -> {
            try {
                machine.waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        machines.clear();
    }

    @Override
    public void close() {
        properties.keySet().forEach(System::clearProperty);
        System.clearProperty("aws.endpointUrlEc2");
        if (ec2 != null) {
            ec2.close();
        }
        endMachines();
        client.close();
        sqs.close();
    }
}
