package dev.wren.gateway.executor.remote;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.Reports.Receipt;
import dev.wren.gateway.executor.remote.ReportsQueue.Sending;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteHeartbeat;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.protocol.remote.RemoteReports;
import dev.wren.protocol.remote.RemoteReports.Entry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what comes by the queue of reports, and hands it to the drives: reports with their attempts' tokens, and records of
 * invocations that came to nothing. Nothing that anybody could send fills the log. Safe for use by several threads.
 */
final class ReportReader implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ReportReader.class);
    /** Between two lines in the log that anybody who can send to the queue could cause. */
    private static final long QUIET = TimeUnit.SECONDS.toNanos(30);

    private static final int LINE = 300;
    private static final String HEARTBEAT = "{\"" + RemoteHeartbeat.FIELD + "\"";

    private final Reports reports;
    private final ReportsQueue.Sent bySent;
    private final ReportsQueue.Hearing hearing;
    private final Onward onward;
    private final ReportTokens tokens;
    private final Leftovers leftovers;
    private final Duration grace;
    private final Ticker ticker;
    private final Counter received;
    private final Counter forged;
    private final Counter unreadable;
    private final Counter failures;
    private final Counter heartbeats;
    private final AtomicLong quietUntil;
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
            Thread.ofPlatform().daemon().name("reports-timer").factory());

    /** Passes on what is of a callset that another gateway drives. */
    @FunctionalInterface
    interface Onward {

        /** Completes with whether the message may be deleted here; nothing if the callset is driven here. */
        Optional<CompletableFuture<Boolean>> pass(CallsetId callset, String message);
    }

    /**
     * @param bySent finds what was sent where a record does not have it
     * @param hearing hears heartbeats
     * @param onward passes on what is of callsets that another gateway drives
     * @param grace how long reports of before a worker's end are waited for
     */
    ReportReader(Reports reports, ReportsQueue.Sent bySent, ReportsQueue.Hearing hearing, Onward onward,
            ReportTokens tokens,
            Leftovers leftovers, Duration grace,
            Ticker ticker, MeterRegistry metrics) {
        this.reports = reports;
        this.bySent = bySent;
        this.hearing = hearing;
        this.onward = onward;
        this.tokens = tokens;
        this.leftovers = leftovers;
        this.grace = grace;
        this.ticker = ticker;
        this.quietUntil = new AtomicLong(ticker.read());
        this.received = counter(metrics, "reports");
        this.failures = counter(metrics, "failure");
        this.heartbeats = counter(metrics, "heartbeat");
        this.forged = counter(metrics, "forged");
        this.unreadable = counter(metrics, "unreadable");
    }

    private static Counter counter(MeterRegistry metrics, String kind) {
        return Counter.builder("wren.reports.messages")
                .description(
                        "messages of the queue of reports; of those that are forged or unreadable nothing is taken")
                .tag("kind", kind).register(metrics);
    }

    /** Hands on what a message says; completes with whether the message may be deleted. */
    CompletableFuture<Boolean> tell(String body) {
        try {
            if (body.startsWith(HEARTBEAT)) {
                heard(RemoteHeartbeat.read(body.getBytes(StandardCharsets.UTF_8)));
                return CompletableFuture.completedFuture(true);
            }
            RemoteReports told = read(body);
            if (told != null) {
                received.increment();
                return CallsetId.parse(told.callset()).flatMap(of -> onward.pass(of, body))
                        .orElseGet(() -> reports(told));
            }
            FailureRecord failure = FailureRecord.read(body);
            failures.increment();
            var passed = failure.invocation().flatMap(of -> CallsetId.parse(of.invocation().callsetId()))
                    .flatMap(of -> onward.pass(of, body));
            if (passed.isPresent()) {
                return passed.get();
            }
            CompletableFuture<Boolean> later = new CompletableFuture<>();
            var _ = timer.schedule(() -> {
                var _ = failed(failure).whenComplete((go, broken) -> {
                    if (broken == null) {
                        later.complete(go);
                    } else {
                        later.completeExceptionally(broken);
                    }
                });
            }, grace.toNanos(), TimeUnit.NANOSECONDS);
            return later;
        } catch (WireException e) {
            unreadable.increment();
            warn("a message of " + body.length() + " characters in the queue of reports is dropped: " + e.getMessage());
            return CompletableFuture.completedFuture(true);
        }
    }

    private void heard(RemoteHeartbeat heartbeat) {
        if (hearing.heard(heartbeat)) {
            heartbeats.increment();
        } else {
            forged.increment();
            warn("a heartbeat of " + heartbeat.id() + " for the pool " + heartbeat.queue()
                    + " is dropped: there is no such pool, or the machine has not its token");
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
    CompletableFuture<Boolean> reports(RemoteReports told) {
        Optional<CallsetId> callset = CallsetId.parse(told.callset());
        if (callset.isEmpty()) {
            return CompletableFuture.completedFuture(true);
        }
        boolean genuine = true;
        List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
        Map<String, List<Integer>> back = new TreeMap<>();
        Map<String, List<Integer>> inTrouble = new TreeMap<>();
        Map<String, List<Integer>> gone = new TreeMap<>();
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
                case Entry.Ended(var report, String _) -> receipts.add(reports.accept(callset.get(), report));
                case Entry.Returned(int call, int _, String _, String why, boolean trouble) ->
                    (trouble ? inTrouble : back).computeIfAbsent(plain(why), _ -> new ArrayList<>()).add(call);
                case Entry.Gone(int call, int _, String _, String why) ->
                    gone.computeIfAbsent(plain(why), _ -> new ArrayList<>()).add(call);
            }
        }
        back.forEach((_, calls) -> receipts.add(reports.returned(callset.get(), told.send(), indexes(calls), null)));
        inTrouble.forEach(
                (why, calls) -> receipts.add(reports.returned(callset.get(), told.send(), indexes(calls), why)));
        gone.forEach((why, calls) -> receipts.add(reports.died(callset.get(), told.send(), indexes(calls),
                CallError.of(ErrorCode.LOST, why), null)));
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
        Optional<Sending> sending = failure.invocation().flatMap(this::sending)
                .or(() -> bySent.find(failure.requestId()));
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
    private CompletableFuture<Boolean> ended(Sending of, FailureRecord.Fate fate) {
        CompletableFuture<Receipt> receipt = switch (fate) {
            case FailureRecord.Fate.NotBegun() -> reports.returned(of.callset(), of.send(), of.calls(), null);
            case FailureRecord.Fate.Trouble(String why) -> reports.returned(of.callset(), of.send(), of.calls(), why);
            case FailureRecord.Fate.Died(var error, var exitCode) ->
                reports.died(of.callset(), of.send(), of.calls(), error, exitCode);
            case FailureRecord.Fate.Reported() -> CompletableFuture.completedFuture(Receipt.DROPPED);
        };
        return receipt.thenApply(came -> came != Receipt.LATER);
    }

    /**
     * The worker of a sending has ended, and its invocation's answer says how: what it has told before comes first.
     *
     * @param error Lambda's answer with a function error
     */
    void ended(Sending of, String error) {
        FailureRecord.Fate fate = FailureRecord.fate(JsonMapper.shared().readTree(error));
        var _ = timer.schedule(() -> {
            var _ = ended(of, fate);
        }, grace.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void warn(String what) {
        long now = ticker.read();
        long quiet = quietUntil.get();
        if (now - quiet >= 0 && quietUntil.compareAndSet(quiet, now + QUIET)) {
            log.warn("{}", plain(what));
        }
    }

    /** One short line, whatever a worker, or whoever has its rights, has written. */
    private static String plain(String text) {
        return text.substring(0, Math.min(LINE, text.length())).replaceAll("\\p{Cntrl}", " ");
    }

    /** What is waited for is told no more: whoever sent it sends it again. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
