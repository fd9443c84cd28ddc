package dev.wren.worker.standalone;

import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteHeartbeat.State;
import dev.wren.protocol.remote.RemoteInvocation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * Takes invocations and runs them, as many at once as there are seats, until the machine is to end. A message is forgotten
 * only when all that it has come to is reported; what has not begun when the machine ends is given back at once.
 */
final class StandaloneWorker implements AutoCloseable {

    /** A call that may run for longer is not begun on a machine that may be taken away. */
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final long PAUSE_MILLIS = 1000;
    /** Exit code of a worker that has found itself to be broken. */
    private static final int BROKEN = 70;
    private static final Duration END = Duration.ofSeconds(20);
    /** Between two looks at a machine that is drained. */
    private static final Duration TICKS = Duration.ofSeconds(2);

    private final Machine machine;
    private final WorkQueue queue;
    private final Holder holder;
    private final Heartbeats heartbeats;
    private final Duration beat;
    private final Duration look;
    private final Duration drain;
    private final List<Seat> seats;
    /** Guarded by itself. */
    private final ArrayDeque<Seat> free;
    private final ExecutorService threads = Executors.newCachedThreadPool(Thread.ofPlatform().name("wren-seat-", 1)
            .factory());
    private final CountDownLatch over = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch quiet = new CountDownLatch(1);
    private volatile boolean atRisk;
    private volatile @Nullable String ending;

    /**
     * Takes nothing yet.
     *
     * @param beat between two heartbeats
     * @param look between two looks at what the machine is told of its end
     * @param drain how long calls may go on when the machine is to end, but for one that is taken away
     */
    StandaloneWorker(Machine machine, WorkQueue queue, Holder holder, Heartbeats heartbeats, Duration beat,
            Duration look, Duration drain, List<Seat> seats) {
        this.machine = machine;
        this.queue = queue;
        this.holder = holder;
        this.heartbeats = heartbeats;
        this.beat = beat;
        this.look = look;
        this.drain = drain;
        this.seats = List.copyOf(seats);
        this.free = new ArrayDeque<>(seats);
    }

    /** Works until the machine is to end. Returns why. */
    String run() throws InterruptedException {
        Thread beating = Thread.ofPlatform().daemon().name("wren-heartbeats").start(this::beat);
        Thread taking = Thread.ofPlatform().name("wren-receiver").start(this::take);
        Host.Sign sign = watch();
        taking.interrupt();
        if (sign == Host.Sign.GOES || !isDrained()) {
            abort();
        }
        taking.join(END);
        boolean _ = machine.load().awaitNothing(END);
        quiet.countDown();
        boolean _ = beating.join(END);
        heartbeats.say(State.ENDED);
        return String.valueOf(ending);
    }

    /** Lets what runs go on for a while, unless the machine is taken away meanwhile. Returns whether nothing runs. */
    private boolean isDrained() throws InterruptedException {
        long until = machine.clock().nanos() + drain.toNanos();
        while (!machine.load().awaitNothing(TICKS)) {
            seats.forEach(Seat::look);
            if (machine.clock().nanos() - until >= 0 || machine.host().sign() == Host.Sign.GOES) {
                return false;
            }
        }
        return true;
    }

    /** Ends it from another thread, as a machine that is shut down: what runs is given back. */
    void stop() {
        end("the worker was stopped");
        abort();
        try {
            boolean _ = over.await(END.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** The first reason is the one. */
    private synchronized void end(String why) {
        if (ending == null) {
            ending = why;
            ended.countDown();
        }
    }

    private void abort() {
        String why = String.valueOf(ending);
        seats.forEach(seat -> seat.abort(why));
    }

    /** Says what the machine is at, until its last word. */
    private void beat() {
        try {
            while (quiet.getCount() > 0) {
                boolean ends = ending != null;
                heartbeats.say(ends ? State.DRAINING : State.RUNNING);
                // That it ends is said at once.
                boolean _ = (ends ? quiet : ended).await(beat.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks after the machine until it is to end. */
    private Host.Sign watch() throws InterruptedException {
        long lookAt = machine.clock().nanos();
        while (ending == null) {
            long now = machine.clock().nanos();
            if (now - lookAt >= 0) {
                lookAt = now + look.toNanos();
                Host.Sign sign = machine.host().sign();
                switch (sign) {
                    case NONE -> {
                        // It goes on.
                    }
                    case AT_RISK -> atRisk = true;
                    case DRAIN -> end("the machine is drained");
                    case GOES -> end("the machine is taken away");
                }
                if (ending != null) {
                    return sign;
                }
            }
            if (machine.endsIn().filter(Duration::isZero).isPresent()) {
                end("the machine has nothing to do");
                return Host.Sign.DRAIN;
            }
            seats.forEach(Seat::look);
            boolean _ = ended.await(Standalone.TICK.toNanos(), TimeUnit.NANOSECONDS);
        }
        return Host.Sign.DRAIN;
    }

    private void take() {
        while (ending == null) {
            try {
                int room = awaitRoom();
                for (Message message : queue.receive(Math.min(room, WorkQueue.MOST))) {
                    begin(message);
                }
            } catch (InterruptedException | AbortedException _) {
                // Only the end interrupts.
                return;
            } catch (RuntimeException e) {
                // Whatever it is: a machine that takes nothing any more would be paid for all the same.
                System.err.println("wren: nothing can be taken from the queue: " + e);
                try {
                    boolean _ = ended.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                } catch (InterruptedException _) {
                    return;
                }
            }
        }
    }

    private int awaitRoom() throws InterruptedException {
        synchronized (free) {
            while (free.isEmpty()) {
                free.wait();
            }
            return free.size();
        }
    }

    private void begin(Message message) {
        RemoteInvocation invocation;
        try {
            invocation = RemoteInvocation.read(message.body().getBytes(StandardCharsets.UTF_8));
        } catch (WireException e) {
            System.err.println("wren: a message of " + message.body().length() + " characters is dropped: "
                    + e.getMessage());
            holder.done(message.receiptHandle());
            return;
        }
        if (atRisk && invocation.invocation().maxRuntimeMillis() > LONG.toMillis()) {
            end("the machine may be taken away");
        }
        if (ending != null) {
            queue.giveBack(List.of(message.receiptHandle()));
            return;
        }
        Seat seat = seat(invocation);
        machine.load().begin();
        holder.add(message.receiptHandle());
        threads.execute(() -> run(message, invocation, seat));
    }

    /** One with a JVM for it, if there is one that is free. */
    private Seat seat(RemoteInvocation invocation) {
        synchronized (free) {
            Optional<Seat> warm = free.stream().filter(seat -> seat.suits(invocation)).findFirst();
            Seat taken = warm.orElseGet(free::getLast);
            free.remove(taken);
            return taken;
        }
    }

    private void run(Message message, RemoteInvocation invocation, Seat seat) {
        int calls = 0;
        boolean reported = false;
        try {
            calls = seat.run(invocation, Integer.parseInt(message.attributes()
                    .getOrDefault(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, "1")));
            reported = true;
        } catch (IOException | RuntimeException e) {
            System.err.println("wren: callset " + invocation.invocation().callsetId() + ": " + e.getMessage());
        } catch (VirtualMachineError e) {
            // Of this process nothing more is to be expected; another takes its place.
            e.printStackTrace();
            Runtime.getRuntime().halt(BROKEN);
        } finally {
            if (reported) {
                holder.done(message.receiptHandle());
            } else {
                // It is given to somebody else when its time is over.
                holder.letGo(message.receiptHandle());
            }
            synchronized (free) {
                free.addFirst(seat);
                free.notifyAll();
            }
            machine.load().end(calls);
        }
    }

    /** Ends the children. */
    @Override
    public void close() throws IOException {
        threads.shutdown();
        over.countDown();
        List<IOException> failures = new ArrayList<>();
        for (Seat seat : seats) {
            try {
                seat.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }
}
