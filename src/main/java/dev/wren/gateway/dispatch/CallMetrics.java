package dev.wren.gateway.dispatch;

import dev.wren.gateway.record.Segment;
import dev.wren.protocol.CallState;
import dev.wren.protocol.Report;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What is measured of the calls of one executor. The meters are looked up once, not for each call: that would cost more than
 * all else that a commit does. Safe for use by several threads.
 */
final class CallMetrics {

    private final Map<CallState, Counter> ended = new EnumMap<>(CallState.class);
    private final Timer queue;
    private final Timer run;
    private final Timer setup;

    CallMetrics(MeterRegistry metrics, String executor) {
        Stream.of(CallState.values()).filter(CallState::isFinal).forEach(
                state -> ended.put(state, metrics.counter("wren.calls", "state", state.label(), "executor", executor)));
        this.queue = timer("wren.call.queue", "from the callset's creation to the invocation", executor, metrics);
        this.run = timer("wren.call.run", "the function's own time", executor, metrics);
        this.setup = timer("wren.call.setup", "preparing the function", executor, metrics);
    }

    private static Timer timer(String name, String description, String executor, MeterRegistry metrics) {
        return Timer.builder(name).description(description).tag("executor", executor).register(metrics);
    }

    private Counter ended(CallState state) {
        return Objects.requireNonNull(ended.get(state));
    }

    /** An entry of a callset that was made at {@code createdAt} is durable. */
    void count(Instant createdAt, Segment.Entry entry) {
        switch (entry) {
            case Segment.Entry.Ended(Report report, long invokedMillis, boolean last) -> {
                if (last) {
                    ended(report.outcome().state()).increment();
                }
                Report.Status status = report.status();
                if (status != null) {
                    // The clock may have gone back between the two.
                    queue.record(Math.max(0, invokedMillis - createdAt.toEpochMilli()), TimeUnit.MILLISECONDS);
                    run.record(status.execNanos(), TimeUnit.NANOSECONDS);
                    if (status.setupNanos() > 0) {
                        setup.record(status.setupNanos(), TimeUnit.NANOSECONDS);
                    }
                }
            }
            case Segment.Entry.Cancelled(List<Integer> runs) -> {
                for (int i = 0; i < runs.size(); i += 2) {
                    ended(CallState.CANCELLED).increment(runs.get(i + 1) - runs.get(i));
                }
            }
            case Segment.Entry.Invoked _ -> {
                // Counted when they end.
            }
        }
    }
}
