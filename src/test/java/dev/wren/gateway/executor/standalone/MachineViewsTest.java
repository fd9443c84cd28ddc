package dev.wren.gateway.executor.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.executor.InstancePool.Instance;
import dev.wren.gateway.executor.InstancePool.State;
import dev.wren.protocol.remote.RemoteHeartbeat;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MachineViewsTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final MachineViews VIEWS = new MachineViews(Duration.ofSeconds(45));

    private static RemoteHeartbeat heartbeat(RemoteHeartbeat.State state, int running) {
        return new RemoteHeartbeat(4, "i-1", "pool", "", 1, state, NOW.minusSeconds(600).toEpochMilli(), 600_000,
                running > 0 ? 0 : 30_000, running > 0 ? null : 100_000L, 7, running, 2, "build", "m7i.large", false,
                "dns");
    }

    private static Fleet.Seen seen(boolean isOver) {
        return new Fleet.Seen("i-1", "named", "m7i.large", true, "", NOW.minusSeconds(600), isOver);
    }

    private static MachineRecord record(@Nullable Instant heardAt, @Nullable RemoteHeartbeat heartbeat,
            @Nullable Instant launchedAt, @Nullable Instant drainBy) {
        return new MachineRecord("i-1", heardAt, heartbeat,
                launchedAt == null
                        ? null
                        : new MachineRecord.Launched(launchedAt, "m7i.large", new BigDecimal("0.1"), "x"),
                drainBy);
    }

    private static State state(MachineRecord record, Fleet.@Nullable Seen ec2, boolean known) {
        return VIEWS.of(record, ec2, known, NOW).state();
    }

    @Test
    void a_launch_that_ec2_does_not_know_yet_is_pending_and_later_gone() {
        assertThat(state(record(null, null, NOW.minusSeconds(119), null), null, true)).isEqualTo(State.PENDING);
        assertThat(state(record(null, null, NOW.minusSeconds(121), null), null, true)).isEqualTo(State.TERMINATED);
        // An EC2 that does not answer says nothing of it.
        assertThat(state(record(null, null, NOW.minusSeconds(121), null), null, false)).isEqualTo(State.PENDING);
        assertThat(state(record(null, null, null, null), seen(false), true)).isEqualTo(State.PENDING);
    }

    @Test
    void what_is_heard_decides_unless_ec2_knows_better() {
        MachineRecord running = record(NOW.minusSeconds(44), heartbeat(RemoteHeartbeat.State.RUNNING, 0), null, null);
        assertThat(state(running, seen(false), true)).isEqualTo(State.RUNNING);
        assertThat(state(running, seen(true), true)).isEqualTo(State.TERMINATED);
        assertThat(state(record(NOW.minusSeconds(46), heartbeat(RemoteHeartbeat.State.RUNNING, 0), null, null),
                seen(false), true)).isEqualTo(State.SILENT);
        assertThat(state(record(NOW, heartbeat(RemoteHeartbeat.State.RUNNING, 0), null, NOW), seen(false), true))
                .isEqualTo(State.DRAINING);
        assertThat(state(record(NOW, heartbeat(RemoteHeartbeat.State.DRAINING, 0), null, null), seen(false), true))
                .isEqualTo(State.DRAINING);
        assertThat(state(record(NOW, heartbeat(RemoteHeartbeat.State.ENDED, 0), null, NOW), seen(false), true))
                .isEqualTo(State.TERMINATED);
    }

    @Test
    void times_go_on_from_the_last_heartbeat() {
        Instance idle = VIEWS.of(record(NOW.minusSeconds(10), heartbeat(RemoteHeartbeat.State.RUNNING, 0), null, null),
                seen(false), true, NOW);
        assertThat(idle.uptime()).isEqualTo(Duration.ofSeconds(600));
        assertThat(idle.idle()).isEqualTo(Duration.ofSeconds(40));
        assertThat(idle.endsIn()).isEqualTo(Duration.ofSeconds(90));
        assertThat(idle.spot()).isTrue();
        assertThat(idle.name()).isEqualTo("named");
        Instance busy = VIEWS.of(record(NOW.minusSeconds(10), heartbeat(RemoteHeartbeat.State.RUNNING, 2), null, null),
                seen(false), true, NOW);
        assertThat(busy.idle()).isEqualTo(Duration.ZERO);
        assertThat(busy.endsIn()).isNull();
        assertThat(busy.running()).isEqualTo(2);
    }
}
