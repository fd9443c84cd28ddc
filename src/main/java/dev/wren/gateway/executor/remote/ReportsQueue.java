package dev.wren.gateway.executor.remote;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.Reports.Receipt;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.protocol.remote.RemoteReports;
import dev.wren.protocol.remote.RemoteReports.Entry;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.Message;
import tools.jackson.databind.json.JsonMapper;

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
    /** Between two lines in the log that anybody who can send to the queue could cause. */
    private static final long QUIET = TimeUnit.SECONDS.toNanos(30);

    private final ObjectProvider<AwsClientBuilderConfigurer> aws;
    private final RemoteSettings settings;
    private final ReportTokens tokens;
    private final Leftovers leftovers;
    private final Ticker ticker;
    private final Counter received;
    private final Counter forged;
    private final Counter unreadable;
    private final Counter failures;
    private final Semaphore undeleted;
    private final AtomicInteger receiving = new AtomicInteger();
    private final Set<Thread> receivers = ConcurrentHashMap.newKeySet();
    private final Set<Sent> senders = ConcurrentHashMap.newKeySet();
    /** Messages that were received and are not deleted. */
    private final Set<String> inHand = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("reports-timer").factory());
    private final AtomicLong quietUntil;
    private volatile boolean receives;
    private volatile boolean stopping;
    private volatile @Nullable Reports reports;
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
        this.quietUntil = new AtomicLong(ticker.read());
        this.undeleted = new Semaphore(settings.maxUndeleted());
        this.received = counter(metrics, "reports");
        this.failures = counter(metrics, "failure");
        this.forged = counter(metrics, "forged");
        this.unreadable = counter(metrics, "unreadable");
        Gauge.builder("wren.reports.undeleted", undeleted, left -> settings.maxUndeleted() - left.availablePermits())
                .description("messages that were received, and whose reports are not durable yet")
                .register(metrics);
        Gauge.builder("wren.reports.receiving", receiving, AtomicInteger::get)
                .description("requests for reports under way").register(metrics);
    }

    private static Counter counter(MeterRegistry metrics, String kind) {
        return Counter.builder("wren.reports.messages")
                .description(
                        "messages of the queue of reports; of those that are forged or unreadable nothing is taken")
                .tag("kind", kind).register(metrics);
    }

    /** An executor's memory of what it has sent, by what the invocation is called where its end is told. */
    @FunctionalInterface
    public interface Sent {

        /** The sending of that request; nothing if it is not of this executor, or over. */
        Optional<Sending> find(String requestId);
    }

    /**
     * What was sent.
     *
     * @param calls indexes
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Sending(CallsetId callset, long send, int[] calls) {
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
        if (reports == null && !stopping) {
            reports = to;
            receives = true;
            deleter = Thread.ofVirtual().name("reports-deleter").start(this::deleteDone);
            receiver();
        }
    }

    private void receiver() {
        receiving.incrementAndGet();
        Thread thread = Thread.ofVirtual().name("reports-receiver").unstarted(() -> {
            try {
                while (receives && receive()) {
                    // Further receivers end when there is less to do.
                }
            } finally {
                receiving.decrementAndGet();
                receivers.remove(Thread.currentThread());
            }
        });
        receivers.add(thread);
        thread.start();
    }

    /** Returns whether to go on. */
    private boolean receive() {
        int room = 0;
        try {
            undeleted.acquire(FULL);
            room = FULL;
            List<Message> messages = queue().receive();
            undeleted.release(FULL - messages.size());
            room = messages.size();
            if (messages.size() == FULL && receiving.get() < settings.receivers() && receives) {
                receiver();
            }
            for (Message message : messages) {
                room--;
                take(message);
            }
            // One stays.
            return !messages.isEmpty() || receiving.get() <= 1;
        } catch (InterruptedException _) {
            return false;
        } catch (RuntimeException e) {
            undeleted.release(room);
            if (!receives) {
                return false;
            }
            log.warn("reports cannot be received now: {}", e.toString());
            return pause();
        }
    }

    private boolean pause() {
        try {
            var _ = CompletableFuture.runAsync(() -> {
            }, CompletableFuture.delayedExecutor(PAUSE.toMillis(), TimeUnit.MILLISECONDS)).get();
            return true;
        } catch (InterruptedException | java.util.concurrent.ExecutionException _) {
            return false;
        }
    }

    private void take(Message message) {
        CompletableFuture<Boolean> mayGo;
        try {
            mayGo = tell(message.body());
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

    /** Hands on what a message says; completes with whether the message may be deleted. */
    private CompletableFuture<Boolean> tell(String body) {
        try {
            RemoteReports told = read(body);
            if (told != null) {
                received.increment();
                return reports(told);
            }
            FailureRecord failure = FailureRecord.read(body);
            failures.increment();
            CompletableFuture<Boolean> later = new CompletableFuture<>();
            var _ = timer.schedule(() -> {
                var _ = failed(failure).whenComplete((go, broken) -> {
                    if (broken == null) {
                        later.complete(go);
                    } else {
                        later.completeExceptionally(broken);
                    }
                });
            }, settings.failureGrace().toNanos(), TimeUnit.NANOSECONDS);
            return later;
        } catch (WireException e) {
            unreadable.increment();
            warn("a message of " + body.length() + " characters in the queue of reports is dropped: " + e.getMessage());
            return CompletableFuture.completedFuture(true);
        }
    }

    private static @Nullable RemoteReports read(String body) {
        try {
            return RemoteReports.read(body.getBytes(StandardCharsets.UTF_8));
        } catch (WireException e) {
            if (body.contains("\"requestContext\"")) {
                return null;
            }
            throw e;
        }
    }

    /** What a worker says, by its queue or by its answer; completes with whether nothing can be lost any more. */
    public CompletableFuture<Boolean> reports(RemoteReports told) {
        Reports to = reports;
        Optional<CallsetId> callset = CallsetId.parse(told.callset());
        if (to == null || callset.isEmpty()) {
            return CompletableFuture.completedFuture(callset.isEmpty());
        }
        boolean genuine = true;
        List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
        Map<String, List<Integer>> back = new TreeMap<>();
        Map<String, List<Integer>> inTrouble = new TreeMap<>();
        for (Entry entry : told.entries()) {
            if (!tokens.isValid(entry.token(), told.tenant(), told.callset(), entry.call(), entry.attempt(),
                    told.send())) {
                genuine = false;
                forged.increment();
                warn("callset " + told.callset() + " call " + entry.call()
                        + ": a report without the attempt's token is dropped");
                continue;
            }
            switch (entry) {
                case Entry.Ended(var report, String _) -> receipts.add(to.accept(callset.get(), report));
                case Entry.Returned(int call, int _, String _, String why, boolean trouble) ->
                    (trouble ? inTrouble : back).computeIfAbsent(why, _ -> new ArrayList<>()).add(call);
            }
        }
        back.forEach((_, calls) -> receipts.add(to.returned(callset.get(), told.send(), indexes(calls), null)));
        inTrouble.forEach((why, calls) -> receipts.add(to.returned(callset.get(), told.send(), indexes(calls), why)));
        CompletableFuture<Boolean> all = all(receipts);
        if (genuine && told.hasOverflow()) {
            var _ = all.thenRun(() -> {
                if (receipts.stream().anyMatch(receipt -> receipt.join() == Receipt.NOT_DRIVEN)) {
                    leftovers.remove(told.tenant(), callset.get(), told.send());
                }
            });
        }
        return all;
    }

    private static int[] indexes(List<Integer> calls) {
        return calls.stream().mapToInt(call -> call).toArray();
    }

    private static CompletableFuture<Boolean> all(List<CompletableFuture<Receipt>> receipts) {
        return CompletableFuture.allOf(receipts.toArray(CompletableFuture[]::new)).thenApply(
                _ -> receipts.stream().noneMatch(receipt -> receipt.join() == Receipt.LATER));
    }

    private CompletableFuture<Boolean> failed(FailureRecord failure) {
        Optional<Sending> sending = failure.invocation().flatMap(this::sending).or(() -> senders.stream()
                .flatMap(sent -> sent.find(failure.requestId()).stream()).findFirst());
        return sending.map(of -> ended(of, failure.fate())).orElseGet(() -> CompletableFuture.completedFuture(true));
    }

    /** Only who was given an invocation can have put it into a record. */
    private Optional<Sending> sending(RemoteInvocation invocation) {
        String callset = invocation.invocation().callsetId();
        long send = invocation.invocation().send();
        boolean genuine = invocation.calls().stream()
                .allMatch(call -> tokens.isValid(call.token(), invocation.tenant(), callset, call.call(),
                        call.attempt(), send));
        if (!genuine) {
            forged.increment();
            warn("callset " + callset + ": a failure record without the attempts' tokens is dropped");
            return Optional.empty();
        }
        return CallsetId.parse(callset).map(id -> new Sending(id, send,
                invocation.calls().stream().mapToInt(RemoteCall::call).toArray()));
    }

    /** The worker of a sending tells no more: what is not told of its calls yet is decided by its fate. */
    CompletableFuture<Boolean> ended(Sending of, FailureRecord.Fate fate) {
        Reports to = reports;
        if (to == null) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Receipt> receipt = switch (fate) {
            case FailureRecord.Fate.NotBegun() -> to.returned(of.callset, of.send, of.calls, null);
            case FailureRecord.Fate.Trouble(String why) -> to.returned(of.callset, of.send, of.calls, why);
            case FailureRecord.Fate.Died(var error, var exitCode) ->
                to.died(of.callset, of.send, of.calls, error, exitCode);
            case FailureRecord.Fate.Reported() -> CompletableFuture.completedFuture(Receipt.DROPPED);
        };
        return receipt.thenApply(came -> came != Receipt.LATER);
    }

    /**
     * The worker of a sending has ended, and its invocation's answer says how: what it has told before comes first.
     *
     * @param error Lambda's answer with a function error
     */
    public void ended(Sending of, String error) {
        FailureRecord.Fate fate = FailureRecord.fate(JsonMapper.shared().readTree(error));
        var _ = timer.schedule(() -> {
            var _ = ended(of, fate);
        }, settings.failureGrace().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void warn(String what) {
        long now = ticker.read();
        long quiet = quietUntil.get();
        if (now - quiet >= 0 && quietUntil.compareAndSet(quiet, now + QUIET)) {
            log.warn("{}", what.replaceAll("\\p{Cntrl}", " "));
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
        SqsQueue open;
        synchronized (this) {
            if (stopping) {
                return;
            }
            stopping = true;
            open = queue;
        }
        receives = false;
        timer.shutdownNow();
        receivers.forEach(Thread::interrupt);
        Thread deleting = deleter;
        try {
            if (deleting != null) {
                var _ = deleting.join(STOP);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (open != null) {
            try (open) {
                open.letGo(inHand);
            } catch (SdkException e) {
                log.info("messages that were not deleted come again when their time is over: {}", e.toString());
            }
        }
    }
}
