package dev.wren.worker.standalone;

import dev.wren.protocol.Protocol;
import dev.wren.protocol.remote.RemoteHeartbeat;
import dev.wren.protocol.remote.RemoteHeartbeat.State;
import dev.wren.worker.remote.ReportQueue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Says what the machine is at. Safe for use by several threads. */
final class Heartbeats {

    private final Machine machine;
    private final ReportQueue queue;
    private final Supplier<Optional<String>> to;
    private long sequence;

    /**
     * Says nothing yet.
     *
     * @param to URL of the queue that takes them, as far as it is known now
     */
    Heartbeats(Machine machine, ReportQueue queue, Supplier<Optional<String>> to) {
        this.machine = machine;
        this.queue = queue;
        this.to = to;
    }

    /** Says it now. What cannot be said is said with the next one. */
    synchronized void say(State state) {
        Optional<String> url = to.get();
        if (url.isEmpty()) {
            return;
        }
        // A worker that is started again goes on with larger numbers.
        sequence = Math.max(sequence + 1, machine.now().toEpochMilli());
        Host.Facts facts = machine.host().facts();
        Load load = machine.load();
        RemoteHeartbeat heartbeat = new RemoteHeartbeat(Protocol.VERSION, facts.id(), machine.pool(), facts.token(),
                sequence, state, facts.launchedAt().toEpochMilli(), machine.uptime().toMillis(),
                load.idle().map(Duration::toMillis).orElse(0L), machine.endsIn().map(Duration::toMillis).orElse(null),
                load.calls(), load.running(), machine.parallelism(), machine.build(), facts.instanceType(),
                facts.spot(), facts.dnsName());
        try {
            queue.send(url.get(), new String(heartbeat.toJson(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            System.err.println("wren: a heartbeat could not be sent: " + e.getMessage());
        }
    }
}
