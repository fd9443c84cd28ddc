package dev.wren.gateway.executor.remote;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Reports;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.remote.RemoteHeartbeat;
import dev.wren.protocol.remote.RemoteReports;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.Message;

/**
 * The queue of a shard's reports: receives while there are executors whose workers report to it, hands on what is told,
 * and deletes a message when nothing of it can be lost any more. Safe for use by several threads.
 */
@Component
public final class ReportsQueue implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ReportsQueue.class);
    private static final int SHARD = 0;
    private static final int FULL = 10;
    /** After an error of the queue. */
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(10);

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final RemoteSettings settings;
    private final ReportTokens tokens;
    private final Leftovers leftovers;
    private final Ticker ticker;
    private final MeterRegistry metrics;
    private final Semaphore undeleted;
    private final Crew crew;
    private final Set<Thread> receivers = ConcurrentHashMap.newKeySet();
    private final Set<Sent> senders = ConcurrentHashMap.newKeySet();
    private final Set<Hearing> hearings = ConcurrentHashMap.newKeySet();
    /** Messages that were received and are not deleted. */
    private final Set<String> inHand = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();
    private volatile boolean receives;
    private volatile boolean stopping;
    private volatile @Nullable ReportReader reader;
    private volatile @Nullable Thread deleter;
    /** Guarded by this. */
    private @Nullable SqsQueue queue;

    ReportsQueue(ObjectProvider<AwsClientBuilderConfigurer> aws, RemoteSettings settings, ReportTokens tokens,
            Leftovers leftovers, Ticker ticker, MeterRegistry metrics) {
        this.aws = aws;
        this.settings = settings;
        this.tokens = tokens;
        this.leftovers = leftovers;
        this.ticker = ticker;
        this.metrics = metrics;
        this.crew = new Crew(settings.receivers());
        this.undeleted = new Semaphore(settings.maxUndeleted());
        Gauge.builder("wren.reports.undeleted", inHand, Set::size)
                .description("messages that were received, and whose reports are not durable yet")
                .register(metrics);
        Gauge.builder("wren.reports.receiving", crew, Crew::size)
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
     * Where workers send their reports.
     *
     * @throws SdkException if it cannot be looked up or made
     */
    public String url() {
        return queue().url();
    }

    private synchronized SqsQueue queue() {
        SqsQueue made = queue;
        if (made == null) {
            made = new SqsQueue(aws.getObject(), settings.reportsQueue() + "-" + SHARD, settings.receivers() + 4,
                    settings.requestTimeout(), settings.visibility());
            queue = made;
        }
        return made;
    }

    /**
     * Receives from now on, if it does not yet.
     *
     * @param sent what an executor has sent
     */
    public synchronized void start(Reports to, Sent sent) {
        senders.add(sent);
        if (reader == null && !stopping) {
            reader = new ReportReader(to, this::sending, this::heard, tokens, leftovers, settings.failureGrace(),
                    ticker, metrics);
            receives = true;
            deleter = Thread.ofVirtual().name("reports-deleter").start(this::deleteDone);
            boolean _ = crew.join();
            receiver();
        }
    }

    private void receiver() {
        Thread thread = Thread.ofVirtual().name("reports-receiver").unstarted(() -> {
            try {
                while (receives && (receive() || !crew.leave())) {
                    // Further receivers end when there is less to do.
                }
            } finally {
                receivers.remove(Thread.currentThread());
            }
        });
        receivers.add(thread);
        thread.start();
    }

    /** Returns whether there was something, or something went wrong. */
    private boolean receive() {
        int room = 0;
        try {
            undeleted.acquire(FULL);
            room = FULL;
            List<Message> messages = queue().receive();
            undeleted.release(FULL - messages.size());
            room = messages.size();
            if (messages.size() == FULL && receives && crew.join()) {
                receiver();
            }
            for (Message message : messages) {
                room--;
                take(message);
            }
            return !messages.isEmpty();
        } catch (InterruptedException _) {
            // Only a stop interrupts.
            return false;
        } catch (RuntimeException e) {
            undeleted.release(room);
            if (receives) {
                log.warn("reports cannot be received now: {}", e.toString());
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            return true;
        }
    }

    private void take(Message message) {
        CompletableFuture<Boolean> mayGo;
        try {
            mayGo = Objects.requireNonNull(reader).tell(message.body());
        } catch (RuntimeException e) {
            log.error("a message of the queue of reports could not be handed on, and comes again", e);
            undeleted.release();
            return;
        }
        String handle = message.receiptHandle();
        inHand.add(handle);
        var _ = mayGo.whenComplete((go, failure) -> {
            if (failure == null && Boolean.TRUE.equals(go)) {
                done.add(handle);
            } else {
                // It comes again when its visibility is over.
                inHand.remove(handle);
                undeleted.release();
            }
        });
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

    private void deleteDone() {
        List<String> batch = new ArrayList<>();
        while (true) {
            try {
                batch.clear();
                String first = done.poll(stopping ? 0 : 1, TimeUnit.SECONDS);
                if (first == null) {
                    if (stopping) {
                        return;
                    }
                    continue;
                }
                batch.add(first);
                done.drainTo(batch, FULL - 1);
                queue().delete(batch);
            } catch (InterruptedException _) {
                // It goes on to the end of what is done.
            } catch (RuntimeException e) {
                log.warn("messages whose reports are durable are not deleted, and come again: {}", e.toString());
            } finally {
                batch.forEach(inHand::remove);
                undeleted.release(batch.size());
            }
        }
    }

    /** The executor takes no more reports; without any, nothing is received. */
    public void stop(Sent sent) {
        senders.remove(sent);
        if (senders.isEmpty()) {
            receives = false;
            receivers.forEach(Thread::interrupt);
        }
    }

    /** Receives no more, and deletes what is durable. */
    @Override
    public void close() {
        SqsQueue opened;
        synchronized (this) {
            if (stopping) {
                return;
            }
            stopping = true;
            opened = queue;
        }
        receives = false;
        ReportReader open = reader;
        if (open != null) {
            open.close();
        }
        receivers.forEach(Thread::interrupt);
        Thread deleting = deleter;
        try {
            if (deleting != null) {
                var _ = deleting.join(STOP);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (opened != null) {
            try (opened) {
                opened.letGo(inHand);
            } catch (SdkException e) {
                log.info("messages that were not deleted come again when their time is over: {}", e.toString());
            }
        }
    }
}
