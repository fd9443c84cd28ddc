package dev.wren.client;

import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.Future;
import dev.wren.client.generated.model.FutureRef;
import dev.wren.client.generated.model.WaitRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for many futures at once, and collects what they come to. Safe for use by several threads. */
final class Waiting {

    /** Futures of one request; the gateway's limit. */
    private static final int AT_ONCE = 10_000;
    /** Between two rounds where there are more of them. */
    private static final Duration ROUND = Duration.ofSeconds(1);
    /** Single values that are waited for at once. */
    private static final int THREADS = 64;

    private final Gateways gateways;

    Waiting(Gateways gateways) {
        this.gateways = gateways;
    }

    /**
     * The callset whose futures these are.
     *
     * @throws IllegalArgumentException if they are not all of one map
     */
    static <R extends @Nullable Object> Calls<R> whole(Collection<ResponseFuture<R>> futures) {
        Calls<R> calls = wholeOrNull(futures);
        if (calls == null) {
            throw new IllegalArgumentException("These are not all futures of one map, in their order.");
        }
        return calls;
    }

    private static <R extends @Nullable Object> @Nullable Calls<R> wholeOrNull(
            Collection<ResponseFuture<R>> futures) {
        if (futures instanceof Calls.Futures<R> all) {
            return all.calls();
        }
        int index = 0;
        Calls<R> calls = null;
        for (ResponseFuture<R> future : futures) {
            calls = calls == null ? future.calls() : calls;
            if (future.index() != index++ || !future.callsetId().equals(calls.id())) {
                return null;
            }
        }
        return calls != null && calls.size() == index ? calls : null;
    }

    <R extends @Nullable Object> WaitResult<R> wait(Collection<ResponseFuture<R>> futures, ReturnWhen when,
            Duration timeout) {
        Time.Deadline deadline = gateways.time().in(when == ReturnWhen.ALWAYS ? Duration.ZERO : timeout);
        Calls<R> calls = wholeOrNull(futures);
        if (futures.isEmpty()) {
            return new WaitResult<>(List.of(), List.of());
        }
        if (calls != null && when == ReturnWhen.ALL_COMPLETED) {
            Progress shown = Progress.of(gateways, calls);
            try (shown) {
                do {
                    Callset callset = calls.callset(deadline.left(Calls.POLL), ReturnWhen.ALL_COMPLETED);
                    if (Boolean.TRUE.equals(callset.getDone())) {
                        return new WaitResult<>(List.copyOf(futures), List.of());
                    }
                } while (!deadline.isOver());
            }
        }
        List<ResponseFuture<R>> all = List.copyOf(new LinkedHashSet<>(futures));
        Set<String> done = new HashSet<>();
        while (true) {
            List<ResponseFuture<R>> open = all.stream().filter(each -> !done.contains(each.toString())).toList();
            for (int i = 0; i < open.size(); i += AT_ONCE) {
                List<ResponseFuture<R>> some = open.subList(i, Math.min(i + AT_ONCE, open.size()));
                // Of more than one request only the first may wait, and not for long.
                Duration most = open.size() <= AT_ONCE ? Calls.POLL : i == 0 ? ROUND : Duration.ZERO;
                look(some, when, deadline.left(most), done);
            }
            boolean holds = switch (when) {
                case ALL_COMPLETED -> done.size() == all.size();
                case ANY_COMPLETED -> !done.isEmpty();
                case ALWAYS -> true;
            };
            if (holds || deadline.isOver()) {
                return new WaitResult<>(all.stream().filter(each -> done.contains(each.toString())).toList(),
                        all.stream().filter(each -> !done.contains(each.toString())).toList());
            }
        }
    }

    private <R extends @Nullable Object> void look(List<ResponseFuture<R>> futures, ReturnWhen when, Duration timeout,
            Set<String> done) {
        WaitRequest request = new WaitRequest()
                .futures(futures.stream().map(each -> new FutureRef().callsetId(each.callsetId())
                        .callId(each.callId())).toList())
                .returnWhen(WaitRequest.ReturnWhenEnum.fromValue(when.name()))
                .timeout(Double.valueOf(Calls.seconds(timeout)));
        List<Future> ended = gateways.calls(api -> api.waitForFutures(request)).getDone();
        if (ended != null) {
            ended.forEach(each -> done.add(each.getCallsetId() + "/" + each.getCallId()));
        }
    }

    <R extends @Nullable Object> List<R> results(Collection<ResponseFuture<R>> futures, Duration timeout,
            boolean throwExcept) throws TimeoutException {
        Time.Deadline deadline = gateways.time().in(timeout);
        Calls<R> calls = wholeOrNull(futures);
        if (calls == null) {
            return each(List.copyOf(futures), deadline, throwExcept);
        }
        Progress shown = Progress.of(gateways, calls);
        try (shown) {
            while (true) {
                switch (calls.results(deadline.left(Calls.POLL), throwExcept)) {
                    case Calls.Results.Values<R> values -> {
                        return values.values();
                    }
                    case Calls.Results.None<R> none -> throw none.why();
                    case Calls.Results.NotYet<R> notYet -> {
                        if (deadline.isOver()) {
                            throw new TimeoutException("callset " + calls.id() + " has not ended within " + timeout);
                        }
                    }
                }
            }
        }
    }

    private static <R extends @Nullable Object> List<R> each(List<ResponseFuture<R>> futures, Time.Deadline deadline,
            boolean throwExcept) throws TimeoutException {
        List<R> values = new ArrayList<>(futures.size());
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS,
                Thread.ofVirtual().name("wren-results-", 1).factory())) {
            List<java.util.concurrent.Future<@Nullable R>> asked = new ArrayList<>(futures.size());
            for (ResponseFuture<R> future : futures) {
                asked.add(threads.submit(() -> future.result(deadline.left(), throwExcept)));
            }
            try {
                for (java.util.concurrent.Future<@Nullable R> each : asked) {
                    values.add(each.get());
                }
            } catch (ExecutionException e) {
                threads.shutdownNow();
                if (e.getCause() instanceof TimeoutException timeout) {
                    throw timeout;
                }
                throw e.getCause() instanceof RuntimeException known
                        ? known
                        : new WrenException("a value could not be had", e);
            } catch (InterruptedException e) {
                threads.shutdownNow();
                Thread.currentThread().interrupt();
                throw new WrenException("interrupted", e);
            }
        }
        return values;
    }

    <R extends @Nullable Object> void cancel(Collection<ResponseFuture<R>> futures) {
        Calls<R> calls = wholeOrNull(futures);
        if (calls != null) {
            calls.cancelAll();
        } else {
            futures.forEach(ResponseFuture::cancel);
        }
    }
}
