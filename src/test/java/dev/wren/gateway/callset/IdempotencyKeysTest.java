package dev.wren.gateway.callset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class IdempotencyKeysTest {

    private static final String ENTRY = ObjectKeys.idempotency("red", Sha256.hex("key"));

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TestClock clock = new TestClock();
    private final IdempotencyKeys keys = new IdempotencyKeys(store,
            TestLimits.of(DataSize.ofMegabytes(1), DataSize.ofMegabytes(1), 1000, 1000), clock);

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
}
