package dev.wren.gateway.dispatch;

import dev.wren.gateway.record.Segment;
import dev.wren.protocol.CallError;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of outcomes that are decided and not yet durable, of all callsets. While a store does not answer they pile up:
 * where there is no room for more, no more calls are sent. Safe for use by several threads.
 */
final class Backlog {

    /** Of an entry's objects, with no text or value; measured, rounded up. */
    private static final int ENTRY = 300;

    private final long limit;
    private final AtomicLong bytes = new AtomicLong();
    private final Runnable whenRoom;

    /**
     * A backlog.
     *
     * @param whenRoom told when there is room again after there was none
     */
    Backlog(long limit, MeterRegistry metrics, Runnable whenRoom) {
        this.limit = limit;
        this.whenRoom = whenRoom;
        Gauge.builder("wren.commit.backlog", bytes, AtomicLong::get)
                .description("outcomes that are decided and not yet durable")
                .baseUnit("bytes")
                .register(metrics);
    }

    /** Whether more calls may be sent. */
    boolean hasRoom() {
        return bytes.get() < limit;
    }

    void add(long more) {
        bytes.addAndGet(more);
    }

    void remove(long less) {
        long now = bytes.addAndGet(-less);
        if (now < limit && now + less >= limit) {
            whenRoom.run();
        }
    }

    /** Bytes of memory that an entry takes, about. */
    static long weigh(Segment.Entry entry) {
        return switch (entry) {
            case Segment.Entry.Cancelled(List<Integer> runs) -> ENTRY + 20L * runs.size();
            case Segment.Entry.Invoked(long _, int _, List<Integer> runs) -> ENTRY + 20L * runs.size();
            case Segment.Entry.Ended(Report report, long _, boolean _) -> {
                Report.Status status = report.status();
                yield ENTRY + (status == null ? 0 : status.output().excerpt().length) + switch (report.outcome()) {
                    case Outcome.Success(Value.Inline(byte[] json)) -> json.length;
                    case Outcome.Failure(CallError error) -> 2L * length(error.message())
                            + 2L * length(error.stackTrace()) + length(error.type());
                    case Outcome.Success _,Outcome.Cancelled _ -> 0;
                };
            }
        };
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }
}
