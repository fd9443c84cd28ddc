package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.SettingsSource;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportsQueue;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** Makes executors on AWS Lambda. */
@Component
final class LambdaExecutors implements ExecutorKind {

    /** Longer than any function runs: 15 minutes, and what an API model of 2026 allows. */
    private static final Duration LONGEST_RUN = Duration.ofMinutes(30);

    /** Connections for whoever looks at the functions. */
    private static final int SPARE = 4;

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final RemoteInvocations invocations;
    private final ReportsQueue queue;
    private final Ticker ticker;
    private final MeterRegistry metrics;

    LambdaExecutors(ObjectProvider<AwsClientBuilderConfigurer> aws, RemoteInvocations invocations, ReportsQueue queue,
            Ticker ticker, MeterRegistry metrics) {
        this.aws = aws;
        this.invocations = invocations;
        this.queue = queue;
        this.ticker = ticker;
        this.metrics = metrics;
    }

    @Override
    public String kind() {
        return LambdaExecutor.KIND;
    }

    @Override
    public Executor create(String name, SettingsSource source) {
        LambdaSettings settings = source.as(LambdaSettings.class);
        LambdaClient client = client(settings);
        return new LambdaExecutor(name, settings, client, new LambdaFunctions(client, settings, ticker), invocations,
                queue, ticker, metrics);
    }

    /** The executor itself knows when to try again: the client tries once. */
    private LambdaClient client(LambdaSettings settings) {
        Duration timeout = settings.isEvent()
                ? settings.requestTimeout()
                : settings.requestTimeout().plus(LONGEST_RUN);
        return aws.getObject().configure(LambdaClient.builder())
                .httpClientBuilder(Apache5HttpClient.builder().maxConnections(settings.requests() + SPARE)
                        .connectionTimeout(settings.connectTimeout())
                        .connectionAcquisitionTimeout(timeout).socketTimeout(timeout))
                .overrideConfiguration(each -> each.apiCallAttemptTimeout(timeout).apiCallTimeout(timeout)
                        .retryStrategy(AwsRetryStrategy.doNotRetry()))
                .build();
    }
}
