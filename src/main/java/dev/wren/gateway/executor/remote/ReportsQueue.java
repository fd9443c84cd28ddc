package dev.wren.gateway.executor.remote;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.AtOnce;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.remote.RemoteHeartbeat;
import dev.wren.protocol.remote.RemoteReports;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * The queues of reports, one a shard: receives from those of the shards that are driven here, while there are executors whose
 * workers report to them. Safe for use by several threads.
 */
@Component
public final class ReportsQueue implements AutoCloseable {

    /** Requests at once beyond those for messages: deletions, and what is passed on. */
    private static final int SPARE = 16;

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final RemoteSettings settings;
    private final ReportTokens tokens;
    private final Leftovers leftovers;
    private final HeldShards shards;
    private final Ticker ticker;
    private final MeterRegistry metrics;
    private final ReportsInbox.Shared shared;
    private final Set<Sent> senders = ConcurrentHashMap.newKeySet();
    private final Set<Hearing> hearings = ConcurrentHashMap.newKeySet();
    private final Map<Integer, ReportsInbox> inboxes = new ConcurrentHashMap<>();
    /** Begins and ends receiving, which may take the time of a request. */
    private final ExecutorService changes = Executors
            .newSingleThreadExecutor(Thread.ofVirtual().name("reports-shards").factory());
    private volatile boolean stopping;
    private volatile @Nullable ReportReader reader;
    /** Guarded by this. */
    private @Nullable SqsClient client;
    /** Guarded by this. */
    private final Map<Integer, SqsQueue> queues = new HashMap<>();

    ReportsQueue(ObjectProvider<AwsClientBuilderConfigurer> aws, RemoteSettings settings, ReportTokens tokens,
            Leftovers leftovers, HeldShards shards, Ticker ticker, MeterRegistry metrics) {
        this.aws = aws;
        this.settings = settings;
        this.tokens = tokens;
        this.leftovers = leftovers;
        this.shards = shards;
        this.ticker = ticker;
        this.metrics = metrics;
        this.shared = new ReportsInbox.Shared(new Semaphore(settings.receivers()),
                new Semaphore(settings.maxUndeleted()));
        Gauge.builder("wren.reports.undeleted", inboxes,
                all -> all.values().stream().mapToInt(ReportsInbox::inHand).sum())
                .description("messages that were received, and whose reports are not durable yet")
                .register(metrics);
        Gauge.builder("wren.reports.receiving", inboxes,
                all -> all.size() + settings.receivers() - shared.further().availablePermits())
                .description("requests for reports under way").register(metrics);
    }

    /** An executor's memory of what it has sent, by what the invocation is called where its end is told. */
    @FunctionalInterface
    public interface Sent {

        /** The sending of that request; nothing if it is not of this executor, or over. */
        Optional<Sending> find(String requestId);
    }

    /** Hears what machines say of themselves. Quick, and safe for use by several threads. */
    @FunctionalInterface
    public interface Hearing {

        /** Returns whether it is of a machine of this pool that is believed. */
        boolean heard(RemoteHeartbeat heartbeat);
    }

    /** Hands heartbeats to {@code hearing} from now on. */
    public void hear(Hearing hearing) {
        hearings.add(hearing);
    }

    private boolean heard(RemoteHeartbeat heartbeat) {
        return hearings.stream().anyMatch(hearing -> hearing.heard(heartbeat));
    }

    /**
     * What was sent.
     *
     * @param calls indexes
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Sending(CallsetId callset, long send, int[] calls) {
    }

    private Optional<Sending> sending(String requestId) {
        return senders.stream().flatMap(sent -> sent.find(requestId).stream()).findFirst();
    }

    /**
     * Where workers send their reports of a callset.
     *
     * @throws SdkException if it cannot be looked up or made
     */
    public String url(CallsetId callset) {
        return queue(callset.shard()).url();
    }

    /**
     * Where it is told what is of no callset alone.
     *
     * @throws SdkException if it cannot be looked up or made
     */
    public String url() {
        return queue(HeldShards.COMMON).url();
    }

    private synchronized SqsQueue queue(int shard) {
        SqsClient made = client;
        if (made == null) {
            made = SqsQueue.client(aws.getObject(), shards.count() + settings.receivers() + SPARE,
                    settings.requestTimeout());
            client = made;
        }
        SqsClient to = made;
        return queues.computeIfAbsent(shard, n -> new SqsQueue(to, settings.reportsQueue() + "-" + n,
                settings.requestTimeout(), settings.visibility()));
    }

    /**
     * Receives from now on, if it does not yet.
     *
     * @param sent what an executor has sent
     */
    public synchronized void start(Reports to, Sent sent) {
        senders.add(sent);
        if (reader == null && !stopping) {
            reader = new ReportReader(to, this::sending, this::heard, this::onward, tokens, leftovers,
                    settings.failureGrace(), ticker, metrics);
            shards.listen((shard, isHere) -> change(() -> set(shard, isHere)));
        }
    }

    private void change(Runnable action) {
        try {
            changes.execute(action);
        } catch (RejectedExecutionException _) {
            // Stopped: all are closed.
        }
    }

    private void set(int shard, boolean isHere) {
        ReportReader to = reader;
        if (isHere && !stopping && to != null) {
            inboxes.computeIfAbsent(shard, n -> new ReportsInbox(queue(n), to, shared));
        } else {
            ReportsInbox gone = inboxes.remove(shard);
            if (gone != null) {
                gone.close();
            }
        }
    }

    /** Passes a message on to the queue of the shard that it is of; nothing if that is driven here. */
    private Optional<CompletableFuture<Boolean>> onward(CallsetId callset, String message) {
        if (shards.drives(callset) || inboxes.containsKey(callset.shard()) || callset.shard() >= shards.count()) {
            return Optional.empty();
        }
        return Optional.of(CompletableFuture.supplyAsync(
                () -> queue(callset.shard()).send(List.of(new SqsQueue.Letter(message, callset.text()))).isEmpty(),
                changes));
    }

    /** What a worker says by its answer. Completes when nothing of it can be lost any more; see {@link Reports}. */
    public void answered(RemoteReports told) {
        ReportReader to = reader;
        if (to != null) {
            var _ = to.reports(told);
        }
    }

    /**
     * The worker of a sending has ended, and its invocation's answer says how: what it has told before comes first.
     *
     * @param error Lambda's answer with a function error
     */
    public void ended(Sending of, String error) {
        ReportReader told = reader;
        if (told != null) {
            told.ended(of, error);
        }
    }

    /** The executor takes no more reports; without any, nothing is received. */
    public void stop(Sent sent) {
        senders.remove(sent);
        if (senders.isEmpty()) {
            change(() -> List.copyOf(inboxes.keySet()).forEach(shard -> set(shard, false)));
        }
    }

    /** Receives no more, and deletes what is durable. */
    @Override
    public void close() {
        synchronized (this) {
            if (stopping) {
                return;
            }
            stopping = true;
        }
        ReportReader open = reader;
        if (open != null) {
            open.close();
        }
        AtOnce.map(List.copyOf(inboxes.keySet()), shard -> {
            set(shard, false);
            return shard;
        });
        changes.close();
        synchronized (this) {
            if (client != null) {
                client.close();
            }
        }
    }
}
