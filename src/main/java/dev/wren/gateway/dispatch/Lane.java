package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.WorkSource;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The callsets that wait for one executor. The next turn goes to the tenant with the fewest chunks at the executor, and
 * in it to the callset with the fewest; among equals to whoever has waited longest. So workers are shared evenly, and a
 * map of one call is not behind a map of a million. Safe for use by several threads.
 */
final class Lane implements WorkSource {

    private static final Comparator<Ticket> ORDER = Comparator.comparingInt((Ticket t) -> t.inFlight)
            .thenComparingLong(t -> t.turn);

    private final Executor executor;
    private final Consumer<Drive> taken;
    private final Deadlines deadlines;
    /** Package-private, so that a test can decide who comes first. */
    final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Map<String, Tenant> tenants = new HashMap<>();
    private final Map<Drive, Ticket> tickets = new HashMap<>();
    private long turns;

    /**
     * A lane.
     *
     * @param taken told of each drive that something was taken of; it offers the drive again, if it is still one
     * @param deadlines of the chunks that were taken here
     */
    Lane(Executor executor, Consumer<Drive> taken, Deadlines deadlines) {
        this.executor = executor;
        this.taken = taken;
        this.deadlines = deadlines;
    }

    Executor executor() {
        return executor;
    }

    /** The time of the chunks that were taken here. */
    Deadlines deadlines() {
        return deadlines;
    }

    private static final class Tenant {
        final TreeSet<Ticket> waiting = new TreeSet<>(ORDER);
        int inFlight;
        long turn;
    }

    /** A callset's place. Its order changes only while it does not wait. */
    private static final class Ticket {
        final Drive drive;
        final Tenant tenant;
        int inFlight;
        long turn;

        Ticket(Drive drive, Tenant tenant) {
            this.drive = drive;
            this.tenant = tenant;
        }
    }

    /** The drive may have work, or its chunks have changed. */
    void offer(Drive drive) {
        Drive.Load load = drive.load();
        while (true) {
            note(drive, load);
            // What was read may have been old when it was noted, after what somebody else has noted meanwhile.
            Drive.Load now = drive.load();
            if (now.equals(load)) {
                return;
            }
            load = now;
        }
    }

    private void note(Drive drive, Drive.Load load) {
        lock.lock();
        try {
            Tenant tenant = tenants.computeIfAbsent(drive.callset().tenant(), _ -> new Tenant());
            Ticket ticket = tickets.computeIfAbsent(drive, _ -> new Ticket(drive, tenant));
            if (ticket.turn == 0) {
                ticket.turn = ++turns;
            }
            tenant.waiting.remove(ticket);
            tenant.inFlight += load.inFlight() - ticket.inFlight;
            ticket.inFlight = load.inFlight();
            if (load.hasWork()) {
                tenant.waiting.add(ticket);
                work.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drives that have a place here. */
    int size() {
        lock.lock();
        try {
            return tickets.size();
        } finally {
            lock.unlock();
        }
    }

    /** The drive gives no more work. */
    void remove(Drive drive) {
        lock.lock();
        try {
            Ticket ticket = tickets.remove(drive);
            if (ticket != null) {
                ticket.tenant.waiting.remove(ticket);
                ticket.tenant.inFlight -= ticket.inFlight;
                if (ticket.tenant.inFlight == 0 && ticket.tenant.waiting.isEmpty()
                        && tickets.values().stream().noneMatch(other -> other.tenant == ticket.tenant)) {
                    tenants.values().remove(ticket.tenant);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Chunk> take(Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        while (true) {
            Drive next;
            lock.lockInterruptibly();
            try {
                Optional<Drive> found = poll();
                while (found.isEmpty()) {
                    if (left <= 0) {
                        return Optional.empty();
                    }
                    left = work.awaitNanos(left);
                    found = poll();
                }
                next = found.get();
            } finally {
                lock.unlock();
            }
            try {
                Optional<Chunk> chunk = next.take(executor);
                if (chunk.isPresent()) {
                    return chunk;
                }
            } finally {
                taken.accept(next);
            }
        }
    }

    private Optional<Drive> poll() {
        return tenants.values()
                .stream()
                .filter(tenant -> !tenant.waiting.isEmpty())
                .min(Comparator.comparingInt((Tenant t) -> t.inFlight).thenComparingLong(t -> t.turn))
                .map(tenant -> {
                    Ticket ticket = tenant.waiting.removeFirst();
                    ticket.turn = ++turns;
                    tenant.turn = turns;
                    return ticket.drive;
                });
    }
}
