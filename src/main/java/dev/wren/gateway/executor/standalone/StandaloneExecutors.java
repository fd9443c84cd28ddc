package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.SettingsSource;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportTokens;
import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.SqsQueue;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.ObjectStore;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Makes executors on pools of machines. */
@Component
final class StandaloneExecutors implements ExecutorKind {

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final RemoteInvocations invocations;
    private final ReportsQueue reports;
    private final ReportTokens tokens;
    private final ObjectStore store;
    private final HeldShards shards;
    private final Clock clock;
    private final MeterRegistry metrics;
    private final Map<String, String> byQueue = new ConcurrentHashMap<>();

    StandaloneExecutors(ObjectProvider<AwsClientBuilderConfigurer> aws, RemoteInvocations invocations,
            ReportsQueue reports, ReportTokens tokens, ObjectStore store, HeldShards shards,
            Clock clock, MeterRegistry metrics) {
        this.aws = aws;
        this.invocations = invocations;
        this.reports = reports;
        this.tokens = tokens;
        this.store = store;
        this.shards = shards;
        this.clock = clock;
        this.metrics = metrics;
    }

    @Override
    public String kind() {
        return StandaloneExecutor.KIND;
    }

    @Override
    public Executor create(String name, SettingsSource source) {
        StandaloneSettings settings = source.as(StandaloneSettings.class);
        String other = byQueue.putIfAbsent(settings.queue(), name);
        if (other != null) {
            throw new IllegalStateException("wren.executors." + name + ".queue: " + settings.queue()
                    + " is the queue of the executor " + other + " already; each pool has one of its own");
        }
        SqsQueue queue = new SqsQueue(aws.getObject(), settings.queue(), settings.requests() + 2,
                settings.requestTimeout(), settings.visibility());
        WorkQueue work = new WorkQueue(queue, reports);
        Fleet fleet = new Fleet(aws.getObject(), settings.queue(), settings.launchTemplate(), settings.ec2Timeout());
        Pool pool = new Pool(name, settings, work, fleet, new Machines(settings.queue(), store, clock),
                new Builds(store), tokens, clock);
        return new StandaloneExecutor(name, settings, work, pool, fleet,
                new PoolKeeper(name, settings, pool, work, shards, clock), invocations, reports, metrics);
    }
}
