package dev.wren.gateway.callset;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

/** The memory that bodies of requests may take while they are read. Safe for use by several threads. */
@Component
public final class ReceiveMemory {

    private final Quota memory;

    ReceiveMemory(CallsetSettings limits, TenantShare share, MeterRegistry metrics) {
        this.memory = new Quota("receive-memory", "bytes are held by what is being received",
                limits.receiveMemory().toBytes(), share, metrics);
    }

    /** Bytes that are held while a request of {@code tenant} is read; to be closed. */
    public Quota.Grant grant(String tenant) {
        return memory.grant(tenant);
    }
}
