package dev.wren.gateway.executor.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.aws.SqsServer;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.remote.SqsQueue.Letter;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.remote.RemoteReports;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What becomes of messages, and of the room for them, whenever their reports are durable. */
class ReportsInboxTest {

    private static final int ROOM = 20;
    private static SqsServer server;

    private final Semaphore undeleted = new Semaphore(ROOM);
    /** Of each message that was handed on, whether it may go. */
    private final ConcurrentLinkedQueue<CompletableFuture<Boolean>> told = new ConcurrentLinkedQueue<>();
    private SqsQueue queue;
    private ReportReader reader;
    private ReportsInbox inbox;

    @BeforeAll
    static void serve() {
        server = SqsServer.start();
    }

    @AfterAll
    static void end() {
        server.close();
    }

    @BeforeEach
    void open(TestInfo test) {
        queue = new SqsQueue(server.client(), test.getTestMethod().orElseThrow().getName(), Duration.ofSeconds(5),
                Duration.ofMinutes(10));
        ObjectStore store = new MemoryObjectStore();
        reader = new ReportReader(new NoReports(), _ -> Optional.empty(), _ -> false, (_, _) -> {
            CompletableFuture<Boolean> mayGo = new CompletableFuture<>();
            told.add(mayGo);
            return Optional.of(mayGo);
        }, new ReportTokens(store), new Leftovers(store), Duration.ZERO, Ticker.systemTicker(),
                new SimpleMeterRegistry());
        queue.url();
        inbox = new ReportsInbox(queue, reader, new ReportsInbox.Shared(new Semaphore(2), undeleted));
    }

    @AfterEach
    void close() {
        inbox.close();
        reader.close();
        queue.close();
    }

    /** All messages here are of callsets that others drive. */
    private static final class NoReports implements Reports {
        @Override
        public CompletableFuture<Receipt> accept(CallsetId callset, Report report) {
            throw new AssertionError();
        }

        @Override
        public CompletableFuture<Receipt> returned(CallsetId callset, long send, int[] calls,
                @Nullable String trouble) {
            throw new AssertionError();
        }

        @Override
        public CompletableFuture<Receipt> died(CallsetId callset, long send, int[] calls, CallError error,
                @Nullable Integer exitCode) {
            throw new AssertionError();
        }
    }

    private void send(int messages) {
        String body = new String(new RemoteReports(Protocol.VERSION, "default", CallsetId.of(1, 0, 1, 1).toString(), 1,
                "worker", List.of()).toJson(), StandardCharsets.UTF_8);
        assertThat(queue.send(IntStream.range(0, messages).mapToObj(_ -> new Letter(body, "group")).toList()))
                .isEmpty();
        await().until(() -> told.size() == messages);
    }

    private void answer(boolean mayGo) {
        told.forEach(each -> each.complete(mayGo));
    }

    private void awaitAllRoom() {
        inbox.close();
        await().untilAsserted(() -> assertThat(undeleted.availablePermits()).isEqualTo(ROOM));
        assertThat(inbox.inHand()).isZero();
    }

    @Test
    void what_is_durable_is_deleted() {
        send(3);
        answer(true);
        await().until(() -> queue.depth() == 0);
        awaitAllRoom();
    }

    @Test
    void what_is_not_durable_stays() {
        send(3);
        answer(false);
        awaitAllRoom();
        assertThat(queue.depth()).isEqualTo(3);
    }

    @Test
    void room_comes_back_of_what_is_durable_only_after_the_shard_was_handed_over() {
        send(3);
        inbox.close();
        assertThat(undeleted.availablePermits()).isLessThanOrEqualTo(ROOM - 3);
        answer(true);
        awaitAllRoom();
        // The next owner reads them again, and finds that they say nothing new.
        assertThat(queue.depth()).isEqualTo(3);
    }
}
