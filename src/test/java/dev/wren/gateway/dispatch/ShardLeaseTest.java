package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.callset.OpenCallsets;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardLeaseTest {

    private static final Duration TIME = Duration.ofSeconds(15);

    private final MemoryObjectStore memory = new MemoryObjectStore();
    private final FaultyStore faults = new FaultyStore();
    private final ObjectStore store = faults.wrap(memory);
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);

    private final OpenCallsets openHere = open();
    private final ShardLease here = lease("here:1", openHere);
    private final ShardLease there = lease("there:2", open());

    private static OpenCallsets open() {
        return new OpenCallsets(Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC));
    }

    private ShardLease lease(String address, OpenCallsets open) {
        return new ShardLease(store, open, TIME, () -> address,
                Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC), nanos::get);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static void take(ShardLease lease) {
        assertThat(lease.look()).isEqualTo(ShardLease.Look.TAKEN);
        lease.recovered();
    }

    @Test
    void one_that_is_free_is_taken_and_holds_for_less_than_its_time() {
        take(here);
        assertThat(here.isHeld()).isTrue();
        pass(Duration.ofSeconds(13));
        assertThat(here.isHeld()).isTrue();
        pass(Duration.ofSeconds(1));
        assertThat(here.isHeld()).isFalse();
        assertThat(here.renew()).isTrue();
        assertThat(here.isHeld()).isTrue();
    }

    @Test
    void one_that_is_renewed_is_not_taken_and_its_owner_is_told() {
        take(here);
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        pass(Duration.ofSeconds(5));
        assertThat(here.renew()).isTrue();
        assertThat(there.look()).isEqualTo(ShardLease.Look.RENEWED);
        assertThat(there.holder()).contains("the gateway at here:1, started 2026-01-01T00:00:00Z");
        pass(Duration.ofSeconds(14));
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        assertThat(there.isHeld()).isFalse();
    }

    @Test
    void one_that_is_not_renewed_for_its_time_is_taken_and_its_owner_notices() {
        take(here);
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        pass(TIME.minusNanos(1));
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        assertThat(here.isHeld()).as("before anybody else may have it").isFalse();
        pass(Duration.ofNanos(1));
        take(there);
        assertThat(there.taken().released()).isFalse();
        assertThat(there.isHeld()).isTrue();
        assertThat(here.renew()).isFalse();
        assertThat(here.isHeld()).isFalse();
        assertThat(here.holder().orElseThrow()).contains("there:2");
    }

    @Test
    void one_that_is_let_go_of_is_taken_at_once() {
        take(here);
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        CallsetId id = openHere.next("red");
        here.release();
        assertThat(here.isHeld()).isFalse();
        assertThat(there.look()).isEqualTo(ShardLease.Look.TAKEN);
        assertThat(there.taken().released()).isTrue();
        assertThat(there.taken().note().orElseThrow().named()).containsExactly(new OpenCallsets.Ref("red", id));
    }

    /** Else what is open would be forgotten by a crash in the middle. */
    @Test
    void what_was_open_stays_noted_until_it_is_known_again() {
        take(here);
        CallsetId id = openHere.next("red");
        assertThat(here.renew()).isTrue();
        assertThat(there.look()).isEqualTo(ShardLease.Look.WAITING);
        pass(TIME);
        assertThat(there.look()).isEqualTo(ShardLease.Look.TAKEN);
        assertThat(there.renew()).isTrue();
        ShardLease third = lease("third:3", open());
        assertThat(third.look()).isEqualTo(ShardLease.Look.WAITING);
        there.release();
        assertThat(third.look()).isEqualTo(ShardLease.Look.TAKEN);
        assertThat(third.taken().note().orElseThrow().named()).containsExactly(new OpenCallsets.Ref("red", id));
    }

    @Test
    void a_store_that_does_not_answer_lets_it_run_out_and_it_heals() {
        take(here);
        faults.faults((_, _) -> FaultyStore.Fault.BEFORE);
        assertThatThrownBy(here::renew).isInstanceOf(StoreException.class);
        assertThat(here.trouble()).isPresent();
        assertThat(here.isHeld()).isTrue();
        pass(TIME);
        assertThat(here.isHeld()).isFalse();
        faults.faults((_, _) -> FaultyStore.Fault.NONE);
        assertThat(here.renew()).isTrue();
        assertThat(here.trouble()).isEmpty();
        assertThat(here.isHeld()).isTrue();
    }

    @Test
    void an_answer_that_is_lost_is_not_taken_for_anothers_lease() {
        take(here);
        List<String> writes = new ArrayList<>();
        faults.faults((operation, _) -> {
            if (operation.equals("replace")) {
                writes.add(operation);
                return writes.size() == 1 ? FaultyStore.Fault.AFTER : FaultyStore.Fault.NONE;
            }
            return FaultyStore.Fault.NONE;
        });
        assertThatThrownBy(here::renew).isInstanceOf(StoreException.class);
        assertThat(here.renew()).isTrue();
        assertThat(here.isHeld()).isTrue();
    }

    /** As one that asks for it again after it has stood still. */
    @Test
    void time_that_passes_while_it_is_asked_for_counts() {
        faults.faults((operation, _) -> {
            if (operation.equals("replace")) {
                pass(TIME);
            }
            return FaultyStore.Fault.NONE;
        });
        take(here);
        assertThat(here.isHeld()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "rot", "null", "", "[]", "{\"watermark\":1}",
            "{\"watermark\":1,\"named\":[{\"tenant\":\"red\",\"id\":\"x\"}]}"})
    void a_damaged_object_may_be_anothers_and_tells_nothing(String damaged) {
        memory.putIfAbsent(ObjectKeys.shard(0), damaged.getBytes(StandardCharsets.UTF_8));
        assertThat(here.look()).isEqualTo(ShardLease.Look.WAITING);
        pass(TIME);
        take(here);
        assertThat(here.isHeld()).isTrue();
        assertThat(here.renew()).isTrue();
    }
}
