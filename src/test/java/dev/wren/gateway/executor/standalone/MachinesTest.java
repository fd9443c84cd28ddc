package dev.wren.gateway.executor.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.remote.RemoteHeartbeat;
import dev.wren.protocol.remote.RemoteHeartbeat.State;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachinesTest {

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TestClock clock = new TestClock();
    private final Machines machines = new Machines("pool", store, clock);

    private static RemoteHeartbeat heartbeat(String id, long sequence, State state) {
        return new RemoteHeartbeat(4, id, "pool", "", sequence, state, 0, 1000, 0, null, sequence, 0, 2, "build", "",
                false,
                "");
    }

    private long calls(String id) {
        return machines.find(id).orElseThrow().heartbeat().calls();
    }

    private Machines another() {
        Machines other = new Machines("pool", store, clock);
        other.load();
        return other;
    }

    @Test
    void nobody_speaks_for_an_instance_without_the_token() {
        assertThat(machines.heard(heartbeat("i-1", 1, State.RUNNING), false)).isFalse();
        assertThat(machines.find("i-1")).isEmpty();
        assertThat(machines.heard(heartbeat("i-1", 1, State.RUNNING), true)).isTrue();
        assertThat(machines.heard(heartbeat("i-1", 2, State.ENDED), false)).isFalse();
        assertThat(machines.find("i-1").orElseThrow().heartbeat().state()).isEqualTo(State.RUNNING);
    }

    @Test
    void names_that_are_none_and_too_many_that_join_are_refused() {
        for (String id : List.of("", "a/b", "../x", "a b", "x".repeat(129))) {
            assertThat(machines.heard(heartbeat(id, 1, State.RUNNING), false)).as(id).isFalse();
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(machines.heard(heartbeat("m" + i, 1, State.RUNNING), false)).isTrue();
        }
        assertThat(machines.heard(heartbeat("one-more", 1, State.RUNNING), false)).isFalse();
        assertThat(machines.heard(heartbeat("m7", 2, State.RUNNING), false)).isTrue();
        assertThat(machines.heard(heartbeat("i-1", 1, State.RUNNING), true)).isTrue();
    }

    /** SQS keeps no order. */
    @Test
    void an_earlier_heartbeat_that_comes_later_changes_nothing() {
        assertThat(machines.heard(heartbeat("m", 5, State.DRAINING), false)).isTrue();
        assertThat(machines.heard(heartbeat("m", 4, State.RUNNING), false)).isTrue();
        assertThat(calls("m")).isEqualTo(5);
    }

    @Test
    void heartbeats_are_written_now_and_then_and_changes_at_once() {
        boolean _ = machines.heard(heartbeat("m", 1, State.RUNNING), false);
        machines.write();
        clock.advance(Duration.ofSeconds(30));
        boolean _ = machines.heard(heartbeat("m", 2, State.RUNNING), false);
        machines.write();
        assertThat(another().find("m").orElseThrow().heartbeat().calls()).isEqualTo(1);
        boolean _ = machines.heard(heartbeat("m", 3, State.DRAINING), false);
        machines.write();
        assertThat(another().find("m").orElseThrow().heartbeat().calls()).isEqualTo(3);
        clock.advance(Duration.ofSeconds(61));
        boolean _ = machines.heard(heartbeat("m", 4, State.DRAINING), false);
        machines.write();
        assertThat(another().find("m").orElseThrow().heartbeat().calls()).isEqualTo(4);
    }

    /** One gateway launches, another drains, and a third hears: all of it is known to each in the end. */
    @Test
    void what_several_gateways_know_comes_together() {
        MachineRecord.Launched launch = new MachineRecord.Launched(clock.instant(), "m7i.large", new BigDecimal("0.05"),
                "wren");
        machines.put(List.of("i-1"), record -> new MachineRecord(record.id(), null, null, launch, null));
        Machines second = another();
        Instant by = clock.instant();
        second.put(List.of("i-1"), record -> record.drained(by));
        boolean _ = machines.heard(heartbeat("i-1", 1, State.RUNNING), true);
        machines.load();
        machines.write();
        MachineRecord known = another().find("i-1").orElseThrow();
        assertThat(known.launch()).isEqualTo(launch);
        assertThat(known.drainBy()).isEqualTo(by);
        assertThat(known.heartbeat().sequence()).isEqualTo(1);
        machines.forget(List.of("i-1"));
        assertThat(another().find("i-1")).isEmpty();
        assertThat(store.get(ObjectKeys.instances("pool") + "i-1")).isEmpty();
    }
}
