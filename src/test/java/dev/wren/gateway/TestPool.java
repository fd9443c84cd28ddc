package dev.wren.gateway;

import dev.wren.gateway.aws.Ec2Server;
import dev.wren.gateway.aws.SqsServer;
import dev.wren.gateway.store.s3.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
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
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Stand-ins for SQS and S3, gateways with a pool, and machines that join it by the documented command. */
final class TestPool implements AutoCloseable {

    private static final Path JAR = Path.of(System.getProperty("test.wren.worker")).toAbsolutePath();

    private final SqsServer sqs = SqsServer.start();
    private final SqsClient client = sqs.client();
    private final S3Server s3 = S3Server.start();
    private final String bucket = s3.newBucket();
    private final Map<Path, Integer> numbers = new HashMap<>();
    private final List<Process> machines = new ArrayList<>();
    private @Nullable Ec2Server ec2;

    private TestPool() {
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
    RunningGateway gateway(Path store, String... more) {
        return RunningGateway.startWithFunctions(store, context -> TestEndpoints.in(context, this::endpoint), Stream.of(
                Stream.of(s3.settings("s3://" + bucket + "/" + number(store))),
                Stream.of("--wren.default-executor=standalone", "--wren.executors.standalone.queue=" + queue(store),
                        "--wren.remote.reports-queue=pool-reports-" + number(store), "--wren.remote.visibility=2s",
                        "--wren.gateways.lease=5s"),
                Stream.of(more)).flatMap(each -> each).toArray(String[]::new));
    }

    private @Nullable URI endpoint(TestEndpoints.Service service) {
        return switch (service) {
            case SQS -> sqs.endpoint();
            case EC2 -> ec2 == null ? null : ec2.endpoint();
            case LAMBDA -> null;
        };
    }

    /** Objects of the store of the gateways with that folder. */
    List<String> keys(Path store, String prefix) {
        String root = number(store) + "/";
        try (S3Client objects = s3.client()) {
            return objects.listObjectsV2Paginator(list -> list.bucket(bucket).prefix(root + prefix)).contents()
                    .stream().map(each -> each.key().substring(root.length())).toList();
        }
    }

    /** Writes an object, whatever is there. */
    void write(Path store, String key, String text) {
        try (S3Client objects = s3.client()) {
            objects.putObject(put -> put.bucket(bucket).key(number(store) + "/" + key), RequestBody.fromString(text));
        }
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
        if (ec2 != null) {
            ec2.close();
        }
        endMachines();
        client.close();
        sqs.close();
        s3.close();
    }
}
