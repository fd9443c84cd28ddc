package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class IdempotencyKeysTest {

    private static final String ENTRY = ObjectKeys.idempotency("red", Sha256.hex("key"));

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TestClock clock = new TestClock();
    private static final CallsetSettings LIMITS = TestLimits.of(DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 1000,
            1000);
    private final IdempotencyKeys keys = new IdempotencyKeys(store, LIMITS, clock);

    private CallsetId use(IdempotencyKeys.Claim claim, long number) {
        CallsetId id = CallsetId.of(number, 0, number, number);
        claim.use(id, "print of " + number);
        store.putIfAbsent(ObjectKeys.manifest("red", id), new byte[]{1});
        assertThat(claim.isHere()).isTrue();
        return id;
    }

    /** A key that is over, and is used again just when retention comes to remove it. */
    @Test
    void a_key_that_is_being_used_is_not_removed() {
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            use(claim, 1);
        }
        clock.advance(Duration.ofHours(25));
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            assertThat(claim.known()).isEmpty();
            keys.removeIfOver(ENTRY);
            CallsetId second = use(claim, 2);
            keys.removeIfOver(ENTRY);
            assertThat(second).isNotNull();
        }
        keys.removeIfOver(ENTRY);
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            assertThat(claim.known()).map(IdempotencyKeys.Entry::fingerprint).hasValue("print of 2");
        }
    }

    @Test
    void a_key_that_is_over_is_removed() {
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            use(claim, 1);
        }
        keys.removeIfOver(ENTRY);
        assertThat(store.get(ENTRY)).isPresent();
        clock.advance(Duration.ofHours(25));
        keys.removeIfOver(ENTRY);
        assertThat(store.get(ENTRY)).isEmpty();
    }

    /** Another gateway uses the key again just when this one removes it, whichever of its requests comes next. */
    @ParameterizedTest
    @ValueSource(strings = {"get", "replace", "delete"})
    void a_key_that_another_gateway_is_using_is_not_removed(String operation) {
        FaultyStore faults = new FaultyStore();
        IdempotencyKeys here = new IdempotencyKeys(faults.wrap(store), LIMITS, clock);
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            use(claim, 1);
        }
        clock.advance(Duration.ofHours(25));
        List<Boolean> used = new ArrayList<>();
        faults.faults((now, _) -> {
            if (now.equals(operation) && used.isEmpty()) {
                used.add(isUsed());
            }
            return FaultyStore.Fault.NONE;
        });
        here.removeIfOver(ENTRY);
        assertThat(used).hasSize(1);
        // It could use it, and then it has it; or it could not yet, and then it is free.
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            assertThat(claim.known().isPresent()).isEqualTo(used.getFirst());
        }
    }

    private boolean isUsed() {
        try (IdempotencyKeys.Claim claim = keys.claim("red", "key")) {
            use(claim, 2);
            return true;
        } catch (ProblemException e) {
            assertThat(e.type()).isEqualTo(ProblemType.IN_PROGRESS);
            return false;
        }
    }
}
