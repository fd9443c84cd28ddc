package dev.wren.gateway.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.StoreFormat;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaysTest {

    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final GatewaysSettings SETTINGS = new GatewaysSettings(16, null, LEASE, PATIENCE, 100,
            Duration.ofSeconds(1));

    private final MemoryObjectStore memory = new MemoryObjectStore();
    private final FaultyStore faults = new FaultyStore();
    private final ObjectStore store = faults.wrap(memory);
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final One here = new One("http://here:1");
    private final One there = new One("http://there:2");

    /** A gateway. */
    private final class One {
        final Gateways gateways = new Gateways(store, SETTINGS,
                Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC), nanos::get);
        final ShardObjects shards = new ShardObjects(store, gateways, SETTINGS, nanos::get);

        One(String address) {
            gateways.listensAt(address);
        }

        boolean renew(Integer... held) {
            return gateways.renew(Set.of(held));
        }
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private void pass(double leases) {
        pass(Duration.ofNanos((long) (LEASE.toNanos() * leases)));
    }

    @Test
    void a_word_is_believed_for_less_than_its_lease() {
        assertThat(here.gateways.isSure()).isFalse();
        assertThat(here.renew()).isTrue();
        assertThat(here.gateways.isSure()).isTrue();
        pass(0.59);
        assertThat(here.gateways.isSure()).isTrue();
        pass(0.02);
        assertThat(here.gateways.isSure()).isFalse();
        assertThat(here.renew()).isTrue();
        assertThat(here.gateways.isSure()).isTrue();
    }

    @Test
    void others_are_seen_with_what_they_hold_and_where_they_are() {
        assertThat(here.renew(1, 2)).isTrue();
        assertThat(there.renew()).isTrue();
        there.gateways.look(true);
        Gateways.Peer peer = there.gateways.holder(2).orElseThrow();
        assertThat(peer.address()).hasToString("http://here:1");
        assertThat(peer.shards()).containsExactlyInAnyOrder(1, 2);
        assertThat(peer.isAlive()).as("before it has said something again").isFalse();
        assertThat(there.gateways.holder(3)).isEmpty();
        assertThat(here.renew(2)).isTrue();
        there.gateways.look(false);
        assertThat(there.gateways.others().getFirst().isAlive()).isTrue();
        assertThat(there.gateways.holder(1)).isEmpty();
        here.gateways.leave();
        assertThat(here.renew(2)).isTrue();
        there.gateways.look(false);
        assertThat(there.gateways.others().getFirst().stays()).isFalse();
        here.gateways.gone();
        there.gateways.look(false);
        assertThat(there.gateways.others()).isEmpty();
    }

    @Test
    void one_that_says_nothing_is_buried_after_it_has_stopped_to_be_sure_and_finds_out() {
        assertThat(here.renew(1)).isTrue();
        assertThat(there.renew()).isTrue();
        there.gateways.look(true);
        String before = here.gateways.id();
        pass(0.69);
        assertThat(here.gateways.isSure()).isFalse();
        there.gateways.look(false);
        assertThat(there.gateways.isGone(before)).isFalse();
        pass(0.02);
        there.gateways.look(false);
        assertThat(there.gateways.others()).isEmpty();
        assertThat(there.gateways.isGone(before)).isTrue();
        assertThat(here.renew(1)).as("it learns of it").isFalse();
        assertThat(here.gateways.isSure()).isFalse();
        assertThat(here.gateways.id()).isNotEqualTo(before);
        assertThat(here.renew()).as("as another").isTrue();
        assertThat(here.gateways.isSure()).isTrue();
    }

    /** Whatever stands between the two writes of a burial. */
    @Test
    void one_that_is_half_buried_is_dead_for_everybody() {
        assertThat(here.renew(1)).isTrue();
        there.gateways.look(true);
        pass(LEASE);
        faults.faults((operation, _) -> operation.equals("delete") ? FaultyStore.Fault.BEFORE : FaultyStore.Fault.NONE);
        assertThatThrownBy(() -> there.gateways.look(false)).isInstanceOf(StoreException.class);
        faults.faults((_, _) -> FaultyStore.Fault.NONE);
        assertThat(there.gateways.isGone(here.gateways.id())).isTrue();
        assertThat(here.renew(1)).isFalse();
        there.gateways.look(true);
        assertThat(memory.list(ObjectKeys.gateways(), null, 10)).isEmpty();
    }

    @Test
    void one_whose_word_comes_just_before_it_is_buried_lives() {
        assertThat(here.renew(1)).isTrue();
        there.gateways.look(true);
        pass(LEASE);
        List<String> replaced = new ArrayList<>();
        faults.faults((operation, _) -> {
            if (operation.equals("replace") && replaced.isEmpty()) {
                replaced.add(operation);
                assertThat(here.renew(1)).isTrue();
            }
            return FaultyStore.Fault.NONE;
        });
        there.gateways.look(false);
        assertThat(here.renew(1)).isTrue();
        assertThat(there.gateways.isGone(here.gateways.id())).isFalse();
    }

    @Test
    void an_answer_that_is_lost_is_not_taken_for_a_burial() {
        assertThat(here.renew(1)).isTrue();
        faults.faults((operation, _) -> operation.equals("replace") ? FaultyStore.Fault.AFTER : FaultyStore.Fault.NONE);
        assertThatThrownBy(() -> here.renew(1)).isInstanceOf(StoreException.class);
        assertThat(here.gateways.trouble()).isPresent();
        faults.faults((_, _) -> FaultyStore.Fault.NONE);
        assertThat(here.renew(1)).isTrue();
        assertThat(here.gateways.trouble()).isEmpty();
    }

    /** As one that asks for it again after it has stood still. */
    @Test
    void time_that_passes_while_it_is_asked_for_counts() {
        faults.faults((operation, _) -> {
            if (operation.equals("replace")) {
                pass(LEASE);
            }
            return FaultyStore.Fault.NONE;
        });
        assertThat(here.renew()).isTrue();
        assertThat(here.gateways.isSure()).isFalse();
    }

    @Test
    void a_shard_of_one_that_lives_is_not_taken_and_of_one_that_is_gone_it_is() {
        assertThat(here.renew()).isTrue();
        assertThat(there.renew()).isTrue();
        assertThat(here.shards.take(3)).hasValueSatisfying(taken -> assertThat(taken.released()).isTrue());
        assertThat(there.shards.take(3)).isEmpty();
        CallsetId open = CallsetId.of(5, 3, 1, 1);
        ShardNote note = new ShardNote(7, List.of(new ShardNote.Ref("red", open)));
        assertThat(here.shards.note(3, note)).isTrue();
        there.gateways.look(true);
        pass(LEASE);
        assertThat(there.renew()).isTrue();
        there.gateways.look(false);
        ShardObjects.Taken taken = there.shards.take(3).orElseThrow();
        assertThat(taken.note()).isEqualTo(note);
        assertThat(taken.released()).isFalse();
        assertThat(here.shards.note(3, ShardNote.NONE)).as("it is another's").isFalse();
        assertThat(there.shards.note(3, note)).isTrue();
    }

    @Test
    void a_shard_that_is_let_go_of_is_taken_at_once() {
        assertThat(here.renew()).isTrue();
        assertThat(there.renew()).isTrue();
        assertThat(here.shards.take(3)).isPresent();
        ShardNote note = new ShardNote(7, List.of());
        here.shards.release(3, note);
        ShardObjects.Taken taken = there.shards.take(3).orElseThrow();
        assertThat(taken.note()).isEqualTo(note);
        assertThat(taken.released()).isTrue();
        assertThat(here.shards.take(3)).isEmpty();
    }

    /** Else it is nobody's: others hold that it is this gateway's, which does not know it. */
    @ParameterizedTest
    @EnumSource(names = {"BEFORE", "AFTER"})
    void a_shard_whose_release_or_taking_was_not_answered_is_asked_for_again(FaultyStore.Fault fault) {
        assertThat(here.renew()).isTrue();
        assertThat(there.renew()).isTrue();
        Runnable failing = () -> faults.faults((operation, key) -> operation.equals("replace")
                && key.equals(ObjectKeys.shard(3)) ? fault : FaultyStore.Fault.NONE);
        failing.run();
        assertThatThrownBy(() -> here.shards.take(3)).isInstanceOf(StoreException.class);
        assertThat(here.shards.unanswered()).containsExactly(3);
        faults.faults((_, _) -> FaultyStore.Fault.NONE);
        assertThat(here.shards.take(3)).isPresent();
        assertThat(here.shards.unanswered()).isEmpty();
        failing.run();
        assertThatThrownBy(() -> here.shards.release(3, ShardNote.NONE)).isInstanceOf(StoreException.class);
        assertThat(here.shards.unanswered()).containsExactly(3);
        faults.faults((_, _) -> FaultyStore.Fault.NONE);
        boolean released = fault == FaultyStore.Fault.AFTER;
        assertThat(there.shards.take(3).isPresent()).isEqualTo(released);
        assertThat(here.shards.take(3).isPresent()).isEqualTo(!released);
        assertThat(here.shards.unanswered()).isEmpty();
    }

    @Test
    void whoever_waits_for_a_change_hears_of_it() throws Exception {
        long seen = here.gateways.changes().count();
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<?> waits = thread.submit(() -> {
                here.gateways.changes().await(seen, Duration.ofMinutes(1));
                return null;
            });
            assertThat(here.renew()).isTrue();
            waits.get(20, TimeUnit.SECONDS);
        }
        here.gateways.changes().await(seen, Duration.ofMinutes(1));
        long now = here.gateways.changes().count();
        here.gateways.changes().await(now, Duration.ofMillis(1));
        assertThat(here.gateways.changes().count()).isEqualTo(now);
    }

    @Test
    void what_is_accepted_waits_for_a_lease_that_is_renewed_and_not_for_a_shard_that_is_lost() throws Exception {
        HeldShards held = new HeldShards(new StoreFormat(2, 16), here.gateways, new SimpleMeterRegistry());
        assertThat(here.renew()).isTrue();
        held.set(3, true);
        held.set(4, true);
        held.requireStill(3);
        pass(0.61);
        FutureTask<Void> lost = waits(() -> held.requireStill(3));
        FutureTask<Void> kept = waits(() -> held.requireStill(4));
        held.set(3, false);
        assertThatThrownBy(() -> lost.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(ShardLostException.class);
        assertThat(here.renew(4)).isTrue();
        kept.get(20, TimeUnit.SECONDS);
        pass(0.61);
        FutureTask<Void> never = waits(() -> held.requireStill(4));
        pass(PATIENCE);
        here.gateways.changes().happened();
        assertThatThrownBy(() -> never.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(ShardLostException.class);
    }

    /** What is begun in a thread of its own, and waits there. */
    private static FutureTask<Void> waits(Runnable action) {
        FutureTask<Void> task = new FutureTask<>(action, null);
        Thread thread = Thread.ofPlatform().daemon().start(task);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return task;
    }

    @Test
    void of_two_that_take_it_one_has_it() {
        assertThat(here.renew()).isTrue();
        assertThat(there.renew()).isTrue();
        List<String> raced = new ArrayList<>();
        faults.faults((operation, _) -> {
            if (operation.equals("replace") && raced.isEmpty()) {
                raced.add(operation);
                assertThat(there.shards.take(3)).isPresent();
            }
            return FaultyStore.Fault.NONE;
        });
        assertThat(here.shards.take(3)).isEmpty();
    }

    /** Gateways of before there were several say in the shard's own object that they live. */
    @Test
    void a_shard_of_an_older_gateway_is_taken_when_that_has_not_renewed_it() {
        assertThat(here.renew()).isTrue();
        String old = "{\"owner\":{\"id\":\"x\",\"address\":\"old:8080\",\"since\":\"2026-01-01T00:00:00Z\","
                + "\"leaseMillis\":15000},\"writes\":1,\"watermark\":9,\"named\":[]}";
        memory.putIfAbsent(ObjectKeys.shard(0), old.getBytes(StandardCharsets.UTF_8));
        assertThat(here.shards.take(0)).isEmpty();
        assertThat(here.gateways.holder(0).orElseThrow().address()).hasToString("http://old:8080");
        assertThat(here.gateways.hasLivingOthers()).as("before it was renewed").isFalse();
        pass(0.9);
        String etag = memory.get(ObjectKeys.shard(0)).orElseThrow().etag();
        assertThat(
                memory.replace(ObjectKeys.shard(0), old.replace(":1,", ":2,").getBytes(StandardCharsets.UTF_8), etag))
                .isPresent();
        assertThat(here.shards.take(0)).isEmpty();
        pass(0.9);
        assertThat(here.shards.take(0)).as("it was renewed").isEmpty();
        assertThat(here.gateways.hasLivingOthers()).isTrue();
        pass(0.2);
        ShardObjects.Taken taken = here.shards.take(0).orElseThrow();
        assertThat(taken.note().watermark()).isEqualTo(9);
        assertThat(taken.released()).isFalse();
        assertThat(here.gateways.holder(0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "rot", "null", "", "[]", "{\"watermark\":1}",
            "{\"watermark\":1,\"named\":[{\"tenant\":\"red\",\"id\":\"x\"}]}"})
    void a_damaged_note_tells_nothing(String damaged) {
        assertThat(here.renew()).isTrue();
        memory.putIfAbsent(ObjectKeys.shard(0), damaged.getBytes(StandardCharsets.UTF_8));
        assertThat(here.shards.take(0).orElseThrow().note()).isEqualTo(ShardNote.NONE);
        assertThat(here.shards.note(0, new ShardNote(7, List.of()))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rot", "null", "", "[]", "{}"})
    void a_damaged_gateway_is_buried_in_the_end(String damaged) {
        memory.putIfAbsent(ObjectKeys.gateway("x"), damaged.getBytes(StandardCharsets.UTF_8));
        here.gateways.look(true);
        assertThat(here.gateways.isGone("x")).isFalse();
        pass(LEASE);
        here.gateways.look(true);
        assertThat(here.gateways.isGone("x")).isTrue();
        assertThat(here.gateways.others()).isEmpty();
    }
}
