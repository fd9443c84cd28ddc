package dev.wren.gateway.aws;

import java.net.URI;
import java.util.List;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;

/** A stand-in for SQS in this process. */
public final class SqsServer implements AutoCloseable {

    private final SQSRestServer server;
    private final URI endpoint;

    private SqsServer(SQSRestServer server) {
        this.server = server;
        this.endpoint = URI.create("http://127.0.0.1:" + server.waitUntilStarted().localAddress().getPort());
    }

    public static SqsServer start() {
        return new SqsServer(SQSRestServerBuilder.withInterface("127.0.0.1").withDynamicPort().start());
    }

    public URI endpoint() {
        return endpoint;
    }

    /** A client of it; to be closed by the caller. */
    public SqsClient client(ExecutionInterceptor... interceptors) {
        return SqsClient.builder().httpClientBuilder(Apache5HttpClient.builder()).endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                .overrideConfiguration(each -> each.executionInterceptors(List.of(interceptors))).build();
    }

    @Override
    public void close() {
        // Polls that nobody waits for any more would be waited for.
        var _ = server.stopAndGetFuture().apply();
    }
}
