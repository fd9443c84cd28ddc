package dev.wren.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class CallLogTest {

    private static final String TENANT = "red";
    private static final int CALLS = 300;
    private static final CallsetId ID = CallsetId.of(1, 0, 1, 1);
    private static final String INDEX = ObjectKeys.logIndex(TENANT, ID);

    private final MemoryObjectStore memory = new MemoryObjectStore();
    private final List<String> requests = new ArrayList<>();
    private final FaultyStore counted = new FaultyStore();
    private final ObjectStore store = counted.wrap(memory);
    private final ExecutorService indexing = Executors.newSingleThreadExecutor();

    /** Without a cache: each segment that is looked at is asked for. */
    private CallLog log() {
        requests.clear();
        counted.faults((operation, key) -> {
            synchronized (requests) {
                requests.add(operation);
            }
            return FaultyStore.Fault.NONE;
        });
        return new CallLog(store, new RecordSettings(DataSize.ofBytes(1), DataSize.ofBytes(1)), indexing);
    }

    @AfterEach
    void stop() {
        indexing.shutdownNow();
    }

    /** Calls that succeed, fail after earlier attempts, and are cancelled, in some order; how many segments there are. */
    private int write(CallLog log) {
        Random random = new Random(7);
        List<Integer> calls = new ArrayList<>(IntStream.range(0, CALLS).boxed().toList());
        Collections.shuffle(calls, random);
        int segments = 0;
        int success = 0;
        int error = 0;
        int cancelled = 0;
        while (!calls.isEmpty()) {
            Segment.Writer writer = new Segment.Writer();
            for (int i = 1 + random.nextInt(10); i > 0 && !calls.isEmpty(); i--) {
                int call = calls.removeLast();
                switch (random.nextInt(4)) {
                    case 0 -> {
                        writer.add(new Segment.Entry.Ended(report(call, 1, failure()), 1, false));
                        writer.add(new Segment.Entry.Ended(report(call, 2, failure()), 2, true));
                        error++;
                    }
                    case 1 -> {
                        writer.add(new Segment.Entry.Cancelled(List.of(call, call + 1)));
                        cancelled++;
                    }
                    default -> {
                        writer.add(new Segment.Entry.Ended(
                                report(call, 1, new Outcome.Success(new Value.Inline(new byte[]{'1'}))), 3, true));
                        success++;
                    }
                }
            }
            assertThat(log.append(TENANT, ID, segments++,
                    writer.finish(new Segment.Head(Instant.ofEpochMilli(segments), success, error, cancelled))))
                    .isTrue();
        }
        return segments;
    }

    private static Report report(int call, int attempt, Outcome outcome) {
        return new Report(call, attempt, 1, outcome, null);
    }

    private static Outcome failure() {
        return new Outcome.Failure(CallError.of(ErrorCode.FUNCTION, "no"));
    }

    private void index(CallLog log) throws InterruptedException {
        CallLog.Replayed all = log.replay(TENANT, ID, CALLS);
        assertThat(all.indexed()).isFalse();
        log.indexSoon(TENANT, ID, all.segments(), () -> Optional.of(all));
        indexing.shutdown();
        assertThat(indexing.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }

    private static void assertSame(CallLog.Replayed one, CallLog.Replayed other) {
        assertThat(other.segments()).isEqualTo(one.segments());
        assertThat(other.head()).isEqualTo(one.head());
        assertThat(other.table().weight()).isEqualTo(one.table().weight());
        for (CallState state : CallState.values()) {
            assertThat(other.table().count(state)).isEqualTo(one.table().count(state));
        }
        for (int call = 0; call < CALLS; call++) {
            assertThat(other.table().state(call)).isEqualTo(one.table().state(call));
            assertThat(other.table().attempts(call)).isEqualTo(one.table().attempts(call));
            assertThat(other.table().location(call)).isEqualTo(one.table().location(call));
            assertThat(other.table().earlier(call)).isEqualTo(one.table().earlier(call));
        }
    }

    @Test
    void an_index_says_what_the_segments_say_in_few_requests() throws Exception {
        int segments = write(log());
        assertThat(segments).isGreaterThan(30);
        CallLog.Replayed all = log().replay(TENANT, ID, CALLS);
        assertThat(requests).hasSize(1 + segments);
        index(log());
        CallLog log = log();
        CallLog.Replayed indexed = log.replay(TENANT, ID, CALLS);
        assertThat(indexed.indexed()).isTrue();
        assertThat(requests).containsExactly("list", "get");
        assertSame(all, indexed);
        requests.clear();
        assertThat(log.last(TENANT, ID)).isEqualTo(all.head());
        assertThat(requests).containsExactly("list", "read");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "rot", "rot rot rot rot rot rot rot rot rot rot rot rot rot rot"})
    void a_damaged_index_harms_nobody(String damaged) throws Exception {
        write(log());
        CallLog.Replayed all = log().replay(TENANT, ID, CALLS);
        memory.putIfAbsent(INDEX, damaged.getBytes(StandardCharsets.UTF_8));
        assertSame(all, log().replay(TENANT, ID, CALLS));
        assertThat(log().last(TENANT, ID)).isEqualTo(all.head());
    }

    /** That of another callset, or of another build. */
    @Test
    void an_index_of_other_calls_is_not_believed() throws Exception {
        write(log());
        CallLog.Replayed all = log().replay(TENANT, ID, CALLS);
        memory.putIfAbsent(INDEX, new LogIndex(new CallTable(CALLS + 1), 1, all.head().orElseThrow()).encode());
        assertSame(all, log().replay(TENANT, ID, CALLS));
    }

    @Test
    void a_short_log_gets_none_and_a_deleted_one_keeps_none() throws Exception {
        write(log());
        CallLog log = log();
        CallLog.Replayed all = log.replay(TENANT, ID, CALLS);
        log.indexSoon(TENANT, ID, CallLog.FEW, () -> Optional.of(all));
        List<Optional<CallLog.Replayed>> answers = new ArrayList<>(List.of(Optional.of(all), Optional.of(all),
                Optional.empty()));
        log.indexSoon(TENANT, ID, all.segments(), answers::removeFirst);
        indexing.shutdown();
        assertThat(indexing.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
        assertThat(requests).contains("putIfAbsent", "delete");
        assertThat(memory.get(INDEX)).isEmpty();
    }

    @Test
    void a_segment_that_is_missing_is_damage() {
        write(log());
        memory.delete(List.of(ObjectKeys.segment(TENANT, ID, 17)));
        assertThatThrownBy(() -> log().replay(TENANT, ID, CALLS)).isInstanceOf(DamagedObjectException.class)
                .hasMessageContaining("0000000017");
    }
}
