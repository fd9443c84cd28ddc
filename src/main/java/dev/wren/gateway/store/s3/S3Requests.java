package dev.wren.gateway.store.s3;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;

/**
 * Counts what is paid for: each request that goes out, each try of it for itself; and what is under way. Safe for use by
 * several threads.
 */
final class S3Requests implements ExecutionInterceptor {

    private final MeterRegistry metrics;
    private final AtomicInteger underWay;

    S3Requests(MeterRegistry metrics) {
        this.metrics = metrics;
        this.underWay = Objects.requireNonNull(metrics.gauge("wren.s3.requests.active", new AtomicInteger()));
    }

    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
        underWay.incrementAndGet();
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        underWay.decrementAndGet();
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        underWay.decrementAndGet();
    }

    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        Counter.builder("wren.s3.requests").description("requests sent to S3, each try of one for itself")
                .tag("operation", attributes.getAttribute(SdkExecutionAttribute.OPERATION_NAME))
                .register(metrics)
                .increment();
    }
}
