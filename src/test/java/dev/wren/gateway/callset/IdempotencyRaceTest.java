package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.ForwardingStore;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

/** Gateways that race for one key on one store, in every order of their requests, and dying at any of them. */
class IdempotencyRaceTest {

    private static final String HASH = Sha256.hex("key");

    /** A store that a gateway asks one thing at a time, when it is its turn. */
    private static final class TurnStore extends ForwardingStore {

        private final Semaphore turn = new Semaphore(0);
        private final Semaphore waits = new Semaphore(0);

        TurnStore(ObjectStore all) {
            super(all);
        }

        @Override
        protected void before() {
            waits.release();
            turn.acquireUninterruptibly();
        }

        @Override
        public boolean isShared() {
            return true;
        }
    }

    /** A gateway that submits with the key, and what it tells its caller. */
    private static final class Submitter {

        private final TurnStore store;
        private final TestClock clock;
        private final CallsetId id;
        private volatile @Nullable CallsetId told;
        private volatile boolean over;

        Submitter(MemoryObjectStore all, TestClock clock, int number) {
            this.store = new TurnStore(all);
            this.clock = clock;
            this.id = CallsetId.of(number + 1, 0, number, number);
            Thread.ofVirtual().start(this::run);
            store.waits.acquireUninterruptibly();
        }

        private void run() {
            try {
                IdempotencyKeys keys = keys(store, clock);
                try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
                    if (claim.known().isPresent()) {
                        told = claim.known().get().callset();
                        return;
                    }
                    claim.use(id, "print");
                    store.putIfAbsent(ObjectKeys.manifest("red", id), new byte[]{1});
                    if (claim.isHere()) {
                        told = id;
                    } else {
                        store.delete(List.of(ObjectKeys.manifest("red", id)));
                    }
                }
            } catch (ProblemException _) {
                // In progress: its caller asks again.
            } finally {
                over = true;
                store.waits.release();
            }
        }

        /** One request to the store. */
        void step() {
            if (!over) {
                store.turn.release();
                store.waits.acquireUninterruptibly();
            }
        }
    }

    private static IdempotencyKeys keys(ObjectStore store, TestClock clock) {
        return new IdempotencyKeys(store,
                TestLimits.of(DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 1000, 1000), clock);
    }

    /** What is there when all have ended or died: one callset has the key, and whoever was told was told of that one. */
    private static void check(MemoryObjectStore all, TestClock clock, List<Submitter> gateways, String schedule) {
        ObjectStore shared = new ForwardingStore(all) {
            @Override
            public boolean isShared() {
                return true;
            }
        };
        IdempotencyKeys later = keys(shared, clock);
        Set<CallsetId> there = new TreeSet<>();
        for (Submitter each : gateways) {
            if (shared.get(ObjectKeys.manifest("red", each.id)).isPresent()
                    && later.claimLate("red", HASH, each.id, Instant.EPOCH.plusMillis(each.id.millis())
                            .plus(Duration.between(Instant.EPOCH, clock.instant())))) {
                there.add(each.id);
            }
        }
        assertThat(there).as(schedule).hasSizeLessThanOrEqualTo(1);
        for (Submitter each : gateways) {
            CallsetId told = each.told;
            if (told != null) {
                assertThat(there).as("%s: gateway %s", schedule, each.id).containsExactly(told);
            }
        }
        // Whoever comes now is told the same, or the key is free.
        clock.advance(Duration.ofMinutes(2));
        try (IdempotencyKeys.Claim claim = later.claim("red", "key")) {
            Optional<CallsetId> known = claim.known().map(IdempotencyKeys.Entry::callset);
            assertThat(known).as(schedule).isEqualTo(there.stream().findFirst());
        }
    }

    private static void run(int gateways, List<Integer> order, int slowSteps) {
        MemoryObjectStore all = new MemoryObjectStore();
        TestClock clock = new TestClock();
        List<Submitter> submitters = new ArrayList<>();
        IntStream.range(0, gateways).forEach(i -> submitters.add(new Submitter(all, clock, i)));
        int step = 0;
        for (int who : order) {
            if (step++ == slowSteps) {
                // They seem to have ended, and have not.
                clock.advance(Duration.ofMinutes(1));
            }
            submitters.get(who).step();
        }
        check(all, clock, submitters, order + " slow after " + slowSteps);
    }

    @Test
    void two_gateways_in_every_order() {
        int steps = 5;
        for (int bits = 0; bits < 1 << (2 * steps); bits++) {
            if (Integer.bitCount(bits) == steps) {
                List<Integer> order = new ArrayList<>();
                for (int i = 0; i < 2 * steps; i++) {
                    order.add(bits >> i & 1);
                }
                for (int slow = 0; slow <= 2 * steps; slow++) {
                    run(2, order, slow);
                }
            }
        }
    }

    @Test
    void four_gateways_that_die_at_any_moment() {
        Random random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            // Who has fewer turns than it needs has died.
            List<Integer> order = random.ints(random.nextInt(4, 24), 0, 4).boxed().toList();
            run(4, order, random.nextInt(order.size()));
        }
    }

    @Test
    void an_answer_that_was_lost_is_no_other_gateway() {
        MemoryObjectStore all = new MemoryObjectStore();
        ObjectStore lossy = new ForwardingStore(all) {
            @Override
            public boolean isShared() {
                return true;
            }

            @Override
            public Optional<String> replace(String key, byte[] bytes, @Nullable String etag) {
                super.replace(key, bytes, etag);
                // As a client that sends it once more is told.
                return Optional.empty();
            }
        };
        CallsetId id = CallsetId.of(1, 0, 1, 1);
        try (IdempotencyKeys.Claim claim = keys(lossy, new TestClock()).claim("red", "key")) {
            claim.use(id, "print");
            all.putIfAbsent(ObjectKeys.manifest("red", id), new byte[]{1});
            assertThat(claim.isHere()).isTrue();
        }
    }
}
