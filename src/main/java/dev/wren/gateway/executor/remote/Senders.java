package dev.wren.gateway.executor.remote;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor.Readiness;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import dev.wren.gateway.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * What executors with workers far away have in common: threads that take chunks while there is room in flight, and send
 * them. They begin when the executor is ready for the first time. Safe for use by several threads.
 */
public final class Senders {

    private static final Logger log = LoggerFactory.getLogger(Senders.class);
    private static final Duration TAKE = Duration.ofDays(1);
    /** Between two looks at an executor that is not ready. */
    private static final Duration WAIT = Duration.ofSeconds(1);

    private final String name;
    private final int threads;
    private final int batch;
    private final InFlight inFlight;
    private final RemoteInvocations invocations;
    private final ReportsQueue queue;
    private final ReportsQueue.Sent sent;
    private final ExecutorService senders;
    private final Set<Turn> turns = ConcurrentHashMap.newKeySet();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Object closing = new Object();
    private boolean closed;

    /**
     * Takes nothing yet.
     *
     * @param name of the executor
     * @param threads that send at once
     * @param batch chunks that are sent together, at most
     * @param sent what the executor has sent
     */
    public Senders(String name, int threads, int batch, InFlight inFlight, RemoteInvocations invocations,
            ReportsQueue queue, ReportsQueue.Sent sent) {
        this.name = name;
        this.threads = threads;
        this.batch = batch;
        this.inFlight = inFlight;
        this.invocations = invocations;
        this.queue = queue;
        this.sent = sent;
        this.senders = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + "-sender-", 1).factory());
    }

    /** How an executor sends. */
    public interface Way {

        /** Whether what is sent would be run; asked often. */
        Readiness readiness();

        /** It was ready for the first time. */
        void ready();

        /** Sends chunks. Those that are not {@link Chunk#detach detached} then have ended. */
        void send(List<Chunk> chunks, Turn turn) throws StoreException;
    }

    /** Counts down to 0 when the gateway stops. */
    public CountDownLatch stopping() {
        return stopping;
    }

    /** Waits; returns false if the gateway stops meanwhile. */
    public boolean await(long nanos) {
        try {
            return nanos <= 0 ? stopping.getCount() > 0 : !stopping.await(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What keeps all executors with workers far away from being ready; nothing if nothing does. */
    public Optional<Readiness> trouble() {
        if (stopping.getCount() == 0) {
            return Optional.of(Readiness.notReady("the gateway is shutting down"));
        }
        if (!invocations.arePossible()) {
            return Optional.of(Readiness.notReady(
                    "workers far away need a store on S3: set wren.store to s3://bucket/prefix"));
        }
        try {
            String _ = queue.url();
            return Optional.empty();
        } catch (SdkException | IllegalStateException e) {
            return Optional.of(Readiness.notReady("the queue of reports cannot be used: " + e.getMessage()));
        }
    }

    /** Begins to take work, once the executor is ready. A start of the gateway waits for nobody. */
    public void start(WorkSource work, Reports reports, Way way) {
        Thread.ofVirtual().name(name + "-start").start(() -> {
            try {
                awaitReady(reports, way);
                for (int i = 0; i < threads; i++) {
                    senders.execute(() -> serve(work, way));
                }
            } catch (InterruptedException | RejectedExecutionException _) {
                log.debug("executor {}: stopped before it was ready", name);
            }
        });
    }

    private void awaitReady(Reports reports, Way way) throws InterruptedException {
        boolean receiving = false;
        while (stopping.getCount() > 0) {
            Readiness now = way.readiness();
            if (!receiving && trouble().isEmpty()) {
                // What was sent by an earlier start is awaited, whether more can be sent or not.
                queue.start(reports, sent);
                receiving = true;
            }
            if (now.ready()) {
                way.ready();
                return;
            }
            if (stopping.await(WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        }
    }

    private void serve(WorkSource work, Way way) {
        Turn turn = new Turn(Thread.currentThread());
        // Before it is looked whether the executor stops: so it is seen there, or sees it here.
        turns.add(turn);
        while (stopping.getCount() > 0) {
            List<Chunk> chunks = new ArrayList<>();
            try {
                if (!way.readiness().ready()) {
                    boolean _ = stopping.await(WAIT.toNanos(), TimeUnit.NANOSECONDS);
                    continue;
                }
                take(work, chunks);
                if (!chunks.isEmpty()) {
                    send(chunks, turn, way);
                }
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException e) {
                log.error("executor {}: a chunk could not be taken", name, e);
            }
        }
    }

    /** One chunk, waiting for it; more if they are there and there is room. */
    private void take(WorkSource work, List<Chunk> chunks) throws InterruptedException {
        Duration most = TAKE;
        inFlight.enter();
        boolean entered = true;
        try {
            while (entered && chunks.size() < batch) {
                Optional<Chunk> chunk = work.take(most);
                if (chunk.isEmpty()) {
                    return;
                }
                entered = false;
                inFlight.begin(chunk.get());
                chunks.add(chunk.get());
                most = Duration.ZERO;
                entered = chunks.size() < batch && inFlight.tryEnter();
            }
        } catch (InterruptedException | RuntimeException e) {
            if (chunks.isEmpty()) {
                throw e;
            }
            // What was taken is sent; the next take says it again.
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
        } finally {
            if (entered) {
                inFlight.giveUp();
            }
        }
    }

    private void send(List<Chunk> chunks, Turn turn, Way way) {
        String callset = chunks.getFirst().job().id().text();
        try {
            way.send(chunks, turn);
        } catch (StoreException e) {
            log.warn("callset {}: calls wait until the store answers: {}", callset, e.getMessage());
            chunks.forEach(Chunk::postpone);
        } catch (RuntimeException e) {
            log.error("callset {}: a chunk failed", callset, e);
            chunks.forEach(Chunk::postpone);
        } finally {
            chunks.forEach(Chunk::close);
        }
    }

    /**
     * Lets what is being sent get its answer; what waits to be sent is given back.
     *
     * @param most to wait for that
     * @return false if it was closed before
     */
    public boolean close(Duration most) {
        synchronized (closing) {
            if (closed) {
                return false;
            }
            closed = true;
        }
        stopping.countDown();
        senders.shutdown();
        turns.forEach(Turn::interrupt);
        try {
            if (!senders.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS)) {
                log.warn("executor {}: what is being sent is not waited for any longer than {} s", name,
                        most.toSeconds());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        queue.stop(sent);
        return true;
    }
}
