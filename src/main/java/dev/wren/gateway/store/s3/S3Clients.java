package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.StoreException;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.MeterRegistry;
import javax.xml.stream.XMLStreamException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/**
 * Makes clients of S3 with the region, the credentials and the endpoint that Spring Cloud AWS finds. Nothing is asked for
 * before one is made: a gateway on a folder needs no region.
 */
@Component
final class S3Clients {

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final S3Settings settings;
    private final S3Requests requests;

    S3Clients(ObjectProvider<AwsClientBuilderConfigurer> aws, S3Settings settings, MeterRegistry metrics) {
        this.aws = aws;
        this.settings = settings;
        this.requests = new S3Requests(metrics);
    }

    /**
     * A client, to be closed by the caller.
     *
     * @throws StoreException if there is no region
     */
    S3Client make() {
        try {
            return configure(aws.getObject().configure(S3Client.builder()), settings, requests).build();
        } catch (SdkClientException e) {
            throw new StoreException("S3 cannot be used: " + e.getMessage(), e);
        }
    }

    /** Limits of time and number; requests are counted. */
    static S3ClientBuilder configure(S3ClientBuilder client, S3Settings settings, S3Requests requests) {
        return client.forcePathStyle(settings.pathStyle())
                .httpClientBuilder(Apache5HttpClient.builder()
                        .maxConnections(settings.maxInFlight())
                        .connectionAcquisitionTimeout(settings.requestTimeout())
                        .connectionTimeout(settings.connectTimeout())
                        .socketTimeout(settings.requestTimeout()))
                .overrideConfiguration(each -> each
                        .addExecutionInterceptor(requests)
                        .retryStrategy(AwsRetryStrategy.forRetryMode(settings.retryMode()).toBuilder()
                                .maxAttempts(settings.maxAttempts())
                                // The answer broke off.
                                .retryOnExceptionOrCauseInstanceOf(XMLStreamException.class).build())
                        .apiCallAttemptTimeout(settings.timeout(0))
                        .apiCallTimeout(settings.timeoutOfAll(0)));
    }
}
