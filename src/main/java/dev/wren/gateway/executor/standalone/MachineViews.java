package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool.Instance;
import dev.wren.gateway.executor.InstancePool.State;
import dev.wren.protocol.remote.RemoteHeartbeat;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a machine is at, of what EC2 says of it, what it says of itself, and what was done to it.
 *
 * @param silentAfter after which it is silent
 */
record MachineViews(Duration silentAfter) {

    /** Within that time EC2 may not know an instance that it has launched. */
    private static final Duration UNKNOWN = Duration.ofMinutes(2);

    /**
     * A machine as callers see it.
     *
     * @param ec2 what EC2 says of it; null where it says nothing
     * @param known whether EC2 has answered: else what it does not say is no news
     */
    Instance of(MachineRecord record, Fleet.@Nullable Seen ec2, boolean known, Instant now) {
        RemoteHeartbeat heartbeat = record.heartbeat();
        MachineRecord.Launched launch = record.launch();
        State state = state(record, ec2, known, now);
        Instant launchedAt = ec2 != null && ec2.launchedAt() != null
                ? ec2.launchedAt()
                : launch != null
                        ? launch.at()
                        : heartbeat != null ? Instant.ofEpochMilli(heartbeat.launchedAtMillis()) : now;
        Duration since = record.heardAt() == null ? Duration.ZERO : Duration.between(record.heardAt(), now);
        RemoteHeartbeat live = state == State.RUNNING || state == State.DRAINING ? heartbeat : null;
        return new Instance(record.id(),
                ec2 != null && !ec2.name().isEmpty()
                        ? ec2.name()
                        : launch != null ? launch.name() : record.id(),
                state,
                ec2 != null ? ec2.instanceType() : launch != null ? launch.instanceType() : text(heartbeat),
                launch != null ? launch.spotPrice() != null : ec2 != null && ec2.spot(),
                ec2 != null
                        ? ec2.publicDnsName()
                        : heartbeat == null ? "" : heartbeat.dnsName(),
                launchedAt, positive(Duration.between(launchedAt, now)),
                live == null
                        ? null
                        : live.running() > 0 ? Duration.ZERO : Duration.ofMillis(live.idleMillis()).plus(since),
                live == null || live.endsInMillis() == null
                        ? null
                        : positive(Duration.ofMillis(live.endsInMillis()).minus(since)),
                heartbeat == null ? 0 : heartbeat.calls(), live == null ? 0 : live.running(),
                heartbeat == null ? "" : heartbeat.build());
    }

    private static String text(@Nullable RemoteHeartbeat heartbeat) {
        return heartbeat == null ? "" : heartbeat.instanceType();
    }

    private static Duration positive(Duration duration) {
        return duration.isNegative() ? Duration.ZERO : duration;
    }

    private State state(MachineRecord record, Fleet.@Nullable Seen ec2, boolean known, Instant now) {
        RemoteHeartbeat heartbeat = record.heartbeat();
        MachineRecord.Launched launch = record.launch();
        boolean isEc2 = record.id().startsWith(Machines.EC2_ID);
        if (ec2 != null && ec2.isOver()) {
            return State.TERMINATED;
        }
        if (isEc2 && ec2 == null && known
                && (launch == null || !now.isBefore(launch.at().plus(UNKNOWN)))) {
            return State.TERMINATED;
        }
        if (heartbeat != null && heartbeat.state() == RemoteHeartbeat.State.ENDED) {
            return State.TERMINATED;
        }
        if (record.drainBy() != null
                || (heartbeat != null && heartbeat.state() == RemoteHeartbeat.State.DRAINING)) {
            return State.DRAINING;
        }
        Instant heardAt = record.heardAt();
        if (heartbeat == null || heardAt == null) {
            return State.PENDING;
        }
        return now.isBefore(heardAt.plus(silentAfter)) ? State.RUNNING : State.SILENT;
    }
}
