package dev.wren.gateway.callset;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.springframework.util.unit.DataSize;

/** Limits of maps that a test has in mind, with the defaults for the others. */
public final class TestLimits {

    private TestLimits() {
    }

    public static CallsetSettings of(DataSize body, DataSize datum, int nesting, int names) {
        return new CallsetSettings(1_000_000, body, datum, nesting, names, 10, DataSize.ofMegabytes(16), 10,
                DataSize.ofMegabytes(16), DataSize.ofMegabytes(64), Duration.ofHours(24), 100, false,
                DataSize.ofKilobytes(64), DataSize.ofMegabytes(1));
    }

    /** As much memory as anybody wants. */
    public static Quota.Grant memory() {
        return memory(Long.MAX_VALUE / 2);
    }

    public static Quota.Grant memory(long bytes) {
        return new Quota("test", "bytes", bytes, new TenantShare(1), new SimpleMeterRegistry()).grant("red");
    }
}
