package dev.wren.gateway;

import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.awspring.cloud.autoconfigure.core.AwsProperties;
import java.net.URI;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.context.support.GenericApplicationContext;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.services.ec2.Ec2ClientBuilder;
import software.amazon.awssdk.services.lambda.LambdaClientBuilder;
import software.amazon.awssdk.services.sqs.SqsClientBuilder;

/** Where a gateway finds the stand-ins for AWS: {@code spring.cloud.aws.endpoint} is one for all services, here each has its own. */
final class TestEndpoints extends AwsClientBuilderConfigurer {

    /** What has a stand-in. */
    enum Service {
        EC2,
        LAMBDA,
        SQS
    }

    private final Function<Service, @Nullable URI> endpoints;

    private TestEndpoints(GenericApplicationContext context, Function<Service, @Nullable URI> endpoints) {
        super(context.getBean(AwsCredentialsProvider.class), context.getBean(AwsRegionProvider.class),
                context.getBean(AwsProperties.class));
        this.endpoints = endpoints;
    }

    /** Has the gateway's clients use those endpoints; without one, that of all services. */
    static void in(GenericApplicationContext context, Function<Service, @Nullable URI> endpoints) {
        context.registerBean("endpoints", AwsClientBuilderConfigurer.class,
                () -> new TestEndpoints(context, endpoints), definition -> definition.setPrimary(true));
    }

    @Override
    public <T extends AwsClientBuilder<T, ?>> T configure(T builder) {
        T configured = super.configure(builder);
        Service service = switch (builder) {
            case Ec2ClientBuilder _ -> Service.EC2;
            case LambdaClientBuilder _ -> Service.LAMBDA;
            case SqsClientBuilder _ -> Service.SQS;
            default -> null;
        };
        URI own = service == null ? null : endpoints.apply(service);
        return own == null ? configured : configured.endpointOverride(own);
    }
}
