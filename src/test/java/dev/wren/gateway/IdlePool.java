package dev.wren.gateway;

import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Machines that are there as soon as they are launched, and of which one has joined by itself. */
final class IdlePool implements InstancePool {

    private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");

    private final List<Instance> instances = new ArrayList<>(List.of(instance("laptop", State.RUNNING)));
    private volatile @Nullable Launch last;
    private volatile boolean fails;
    private volatile boolean refuses;
    private volatile @Nullable CountDownLatch gate;

    /** What it has to note cannot be noted from now on. */
    void fails() {
        fails = true;
    }

    /** Whether nothing can be ended. */
    void refuses(boolean now) {
        refuses = now;
    }

    /** What was asked for last. */
    @Nullable
    Launch last() {
        return last;
    }

    /** Launches wait for it from now on. */
    void waitsFor(@Nullable CountDownLatch latch) {
        gate = latch;
    }

    private static Instance instance(String id, State state) {
        return new Instance(id, "wren-pool", state, "m4.4xlarge", false, "", AT, Duration.ofSeconds(90),
                Duration.ofSeconds(30), Duration.ofSeconds(3390), 12, 0, "9".repeat(64));
    }

    @Override
    public List<Instance> launch(Launch launch) {
        last = launch;
        CountDownLatch latch = gate;
        if (latch != null) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if ("x9.huge".equals(launch.instanceType())) {
            throw new RefusedException("InsufficientInstanceCapacity", "There is no room for it.");
        }
        if (launch.number() > 100) {
            throw new NotAllowedException("The pool may have 100 instances.");
        }
        synchronized (instances) {
            List<Instance> made = IntStream.range(0, launch.number())
                    .mapToObj(i -> instance("i-%017x".formatted(instances.size() + i), State.PENDING)).toList();
            instances.addAll(made);
            return made;
        }
    }

    @Override
    public List<Instance> instances() {
        synchronized (instances) {
            return List.copyOf(instances);
        }
    }

    @Override
    public Optional<Instance> drain(String id) {
        store();
        if (id.equals("laptop")) {
            throw new NotAllowedException("The machine laptop has joined by itself, and is ended where it runs.");
        }
        if (refuses) {
            throw new RefusedException("UnauthorizedOperation", "You are not authorized to perform this operation.");
        }
        return instances().stream().filter(each -> each.id().equals(id)).findFirst();
    }

    @Override
    public List<Instance> drainAll() {
        store();
        if (refuses) {
            throw new RefusedException("UnauthorizedOperation", "You are not authorized to perform this operation.");
        }
        return instances().stream().filter(each -> each.id().startsWith("i-")).toList();
    }

    private void store() {
        if (fails) {
            throw new StoreException("the store is out of order", null);
        }
    }
}
