package dev.wren.gateway.executor.remote;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.Message;

/**
 * The queue of one shard's reports: receives from it while the shard is driven here, hands on what is told, and deletes a
 * message when nothing of it can be lost any more. Safe for use by several threads.
 */
final class ReportsInbox implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ReportsInbox.class);
    private static final int FULL = SqsQueue.MOST;
    /** For what comes right after what has come. */
    private static final Duration SOON = Duration.ofSeconds(1);
    /** After an error of the queue. */
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(10);
    /** No message: whoever waits for one is to look whether it is to stop. */
    private static final String WAKE = "";

    private final SqsQueue queue;
    private final ReportReader reader;
    private final Shared shared;
    private final Set<Thread> receivers = ConcurrentHashMap.newKeySet();
    /** Messages that were received here and are not deleted. */
    private final Set<String> inHand = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();
    /** Whether nothing is deleted any more. Guarded by {@link #done}. */
    private boolean over;
    private volatile boolean receives = true;
    private volatile boolean stopping;
    private final Thread deleter;

    /**
     * What all queues have in common.
     *
     * @param further receivers of many messages at once that there may still be
     * @param undeleted room for messages that were received and are not deleted
     */
    record Shared(Semaphore further, Semaphore undeleted) {
    }

    ReportsInbox(SqsQueue queue, ReportReader reader, Shared shared) {
        this.queue = queue;
        this.reader = reader;
        this.shared = shared;
        this.deleter = Thread.ofVirtual().name("reports-deleter").start(this::deleteDone);
        receiver(this::await);
    }

    int inHand() {
        return inHand.size();
    }

    private void receiver(Runnable work) {
        Thread thread = Thread.ofVirtual().name("reports-receiver").unstarted(() -> {
            try {
                work.run();
            } finally {
                receivers.remove(Thread.currentThread());
            }
        });
        receivers.add(thread);
        thread.start();
    }

    /** Waits for a message, and asks for many where there is one. There is one of these: for a message at a time there is memory. */
    private void await() {
        while (receives) {
            if (receive(1, SqsQueue.LONGEST) > 0 && shared.further.tryAcquire()) {
                receiveMany();
            }
        }
    }

    /** As long as there are messages; with a permit, which is given back. */
    private void receiveMany() {
        try {
            int came = FULL;
            while (receives && came > 0) {
                came = receive(FULL, SOON);
                if (came == FULL && receives && shared.further.tryAcquire()) {
                    receiver(this::receiveMany);
                }
            }
        } finally {
            shared.further.release();
        }
    }

    /** Returns how many messages there were. */
    private int receive(int most, Duration wait) {
        int room = 0;
        try {
            shared.undeleted.acquire(most);
            room = most;
            List<Message> messages = queue.receive(most, wait);
            shared.undeleted.release(most - messages.size());
            room = messages.size();
            for (Message message : messages) {
                room--;
                take(message);
            }
            return messages.size();
        } catch (InterruptedException _) {
            // Only a stop interrupts.
            return 0;
        } catch (RuntimeException e) {
            shared.undeleted.release(room);
            if (receives) {
                log.warn("reports cannot be received now: {}", e.toString());
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            return 0;
        }
    }

    private void take(Message message) {
        CompletableFuture<Boolean> mayGo;
        try {
            mayGo = reader.tell(message.body());
        } catch (RuntimeException e) {
            log.error("a message of the queue of reports could not be handed on, and comes again", e);
            shared.undeleted.release();
            return;
        }
        String handle = message.receiptHandle();
        inHand.add(handle);
        var _ = mayGo.whenComplete((go, failure) -> {
            if (failure != null || !Boolean.TRUE.equals(go) || !delete(handle)) {
                // It comes again when its visibility is over.
                inHand.remove(handle);
                shared.undeleted.release();
            }
        });
    }

    /** Has it deleted; false if nothing is any more. */
    private boolean delete(String handle) {
        synchronized (done) {
            return !over && done.add(handle);
        }
    }

    /** Whether nothing is left to be deleted; from then on nothing comes. */
    private boolean isOver() {
        synchronized (done) {
            over = done.isEmpty();
            return over;
        }
    }

    private void deleteDone() {
        List<String> batch = new ArrayList<>();
        while (true) {
            try {
                batch.clear();
                String first = stopping ? done.poll() : done.take();
                if (first == null) {
                    if (isOver()) {
                        return;
                    }
                    continue;
                }
                batch.add(first);
                done.drainTo(batch, FULL - 1);
                batch.removeIf(WAKE::equals);
                if (!batch.isEmpty()) {
                    queue.delete(batch);
                }
            } catch (InterruptedException _) {
                // It goes on to the end of what is done.
            } catch (RuntimeException e) {
                log.warn("messages whose reports are durable are not deleted, and come again: {}", e.toString());
            } finally {
                batch.forEach(inHand::remove);
                shared.undeleted.release(batch.size());
            }
        }
    }

    /** Receives no more, deletes what is durable, and lets others have the rest. */
    @Override
    public void close() {
        receives = false;
        stopping = true;
        done.add(WAKE);
        receivers.forEach(Thread::interrupt);
        try {
            boolean _ = deleter.join(STOP);
            queue.letGo(inHand);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (SdkException e) {
            log.info("messages that were not deleted come again when their time is over: {}", e.toString());
        }
    }
}
