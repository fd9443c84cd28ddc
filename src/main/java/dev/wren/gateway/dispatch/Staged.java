package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.record.CallTable;
import dev.wren.gateway.record.Segment;
import dev.wren.protocol.CallState;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What was decided of a callset and is not yet in its log, in the order of the decisions. Not safe for use by several
 * threads: whoever uses it holds the callset's lock.
 */
final class Staged {

    private final ArrayDeque<Segment.Entry> entries = new ArrayDeque<>();
    private final Backlog backlog;
    /** Bytes of all that is not durable. */
    private long bytes;
    private boolean flushing;
    /** What is being written; there until it is durable, whatever goes wrong meanwhile. */
    private @Nullable Batch batch;
    private long added;
    private long durable;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

    /** A segment to be written. */
    @SuppressWarnings("ArrayRecordComponent")
    record Batch(int number, List<Segment.Entry> entries, List<Integer> offsets, Segment.Head head, byte[] bytes) {
    }

    /** Somebody who waits until all that was staged before is durable. */
    record Waiting(long entries, Reports.Receipt receipt, CompletableFuture<Reports.Receipt> answer) {

        void complete() {
            answer.complete(receipt);
        }
    }

    /**
     * What came of a batch.
     *
     * @param more whether there is more to write; the right to write is kept then
     * @param receipts those whose wait is over; to be completed without the lock
     */
    record Written(boolean more, List<Waiting> receipts) {
    }

    Staged(Backlog backlog) {
        this.backlog = backlog;
    }

    void add(Segment.Entry entry) {
        long weight = Backlog.weigh(entry);
        bytes += weight;
        backlog.add(weight);
        entries.addLast(entry);
        added++;
    }

    /**
     * Nothing of it is written any more.
     *
     * @param receipt what those are told who wait for it
     * @return they, to be told without the lock
     */
    List<Waiting> clear(Reports.Receipt receipt) {
        entries.clear();
        batch = null;
        List<Waiting> forsaken = waiting.stream()
                .map(each -> new Waiting(each.entries, receipt, each.answer)).toList();
        waiting.clear();
        long left = bytes;
        bytes = 0;
        backlog.remove(left);
        return forsaken;
    }

    /** Claims the right to write the next segment; false if somebody has it, or there is nothing to write. */
    boolean beginFlush() {
        if (flushing || entries.isEmpty()) {
            return false;
        }
        flushing = true;
        return true;
    }

    /** Completes with {@code receipt} when all that is staged now is durable. */
    CompletableFuture<Reports.Receipt> whenDurable(Reports.Receipt receipt) {
        if (durable == added) {
            return CompletableFuture.completedFuture(receipt);
        }
        Waiting mine = new Waiting(added, receipt, new CompletableFuture<>());
        waiting.addLast(mine);
        return mine.answer;
    }

    /** The batch is durable: keeps the right to write if there is more to write, and gives it back otherwise. */
    Written written() {
        Batch written = batch;
        if (written != null) {
            long weight = written.entries.stream().mapToLong(Backlog::weigh).sum();
            bytes -= weight;
            backlog.remove(weight);
            durable += written.entries.size();
        }
        batch = null;
        flushing = !entries.isEmpty();
        List<Waiting> over = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.getFirst().entries <= durable) {
            over.add(waiting.removeFirst());
        }
        return new Written(flushing, over);
    }

    /**
     * Takes what goes into the next segment; the same again until it is {@link #written}.
     *
     * @param number the segment's
     * @param table the state of the calls by the log so far
     * @param limit bytes, at most, except for a single larger record
     * @param now the segment's time
     */
    Batch take(int number, CallTable table, long limit, Instant now) {
        if (batch != null) {
            return batch;
        }
        Segment.Writer writer = new Segment.Writer();
        List<Segment.Entry> taken = new ArrayList<>();
        List<Integer> offsets = new ArrayList<>();
        int success = table.count(CallState.SUCCESS);
        int failed = table.count(CallState.ERROR);
        int cancelled = table.count(CallState.CANCELLED);
        while (!entries.isEmpty() && (taken.isEmpty() || writer.size() < limit)) {
            Segment.Entry entry = entries.removeFirst();
            taken.add(entry);
            offsets.add(writer.add(entry));
            switch (entry) {
                case Segment.Entry.Ended(Report report, long _, boolean last) -> {
                    if (last) {
                        switch (report.outcome()) {
                            case Outcome.Success _ -> success++;
                            case Outcome.Failure _ -> failed++;
                            case Outcome.Cancelled _ -> cancelled++;
                        }
                    }
                }
                case Segment.Entry.Cancelled(List<Integer> runs) -> {
                    for (int i = 0; i < runs.size(); i += 2) {
                        cancelled += runs.get(i + 1) - runs.get(i);
                    }
                }
                case Segment.Entry.Invoked _ -> {
                    // No call has ended.
                }
            }
        }
        Segment.Head head = new Segment.Head(now, success, failed, cancelled);
        batch = new Batch(number, taken, offsets, head, writer.finish(head));
        return batch;
    }
}
