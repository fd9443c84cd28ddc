package dev.wren.gateway.executor.standalone;

import dev.wren.protocol.remote.RemoteHeartbeat;
import java.math.BigDecimal;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a machine in the store.
 *
 * @param id of the machine
 * @param heardAt when it was heard of last, by this gateway's clock; null if never
 * @param heartbeat the last one; null if there was none
 * @param launch what it was launched as; null if it has joined by itself
 * @param drainBy when it is ended if it has not ended itself; null unless it is to end
 */
record MachineRecord(String id, @Nullable Instant heardAt, @Nullable RemoteHeartbeat heartbeat,
        @Nullable Launched launch, @Nullable Instant drainBy) {

    /**
     * What a gateway has launched.
     *
     * @param spotPrice dollars an hour at most, if it may be taken away; else null
     * @param name for people
     */
    record Launched(Instant at, String instanceType, @Nullable BigDecimal spotPrice, String name) {
    }

    MachineRecord heard(Instant now, RemoteHeartbeat of) {
        return new MachineRecord(id, now, of, launch, drainBy);
    }

    /** What both say: the later heartbeat, and what was done to the machine. */
    MachineRecord with(MachineRecord other) {
        boolean later = other.heardAt != null && (heardAt == null || other.heardAt.isAfter(heardAt));
        return new MachineRecord(id, later ? other.heardAt : heardAt, later ? other.heartbeat : heartbeat,
                launch != null ? launch : other.launch, drainBy != null ? drainBy : other.drainBy);
    }

    MachineRecord drained(Instant by) {
        return new MachineRecord(id, heardAt, heartbeat, launch, by);
    }
}
