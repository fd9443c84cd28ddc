package dev.wren.gateway.instance;

import dev.wren.gateway.executor.InstancePool.Instance;
import dev.wren.gateway.executor.InstancePool.State;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A machine as callers see it. */
@Schema(name = "Instance")
record InstanceView(@Schema(description = "unique in its pool") String id,
        @Schema(description = "of the executor whose calls it runs") String executor,
        @Schema(description = "for people") String name,
        @Schema(allowableValues = {
                "pending", "running", "draining", "silent",
                "terminated"},
                description = "pending: launched, and not heard of yet; silent: not heard of for a while") String state,
        @Schema(description = "empty where there is no such thing") String instanceType,
        @Schema(description = "whether it may be taken away") boolean spot,
        @Schema(description = "empty if it is not reached from outside") String publicDnsName,
        @Schema(description = "when it was launched, or has joined") Instant launchedAt,
        @Schema(description = "seconds") BigDecimal uptime,
        @Schema(types = {"number",
                "null"},
                description = "seconds for which it has had nothing to do; null while that is not known") @Nullable BigDecimal idle,
        @Schema(types = {"number",
                "null"},
                description = "seconds after which it ends itself if nothing"
                        + " comes; null if it does not, or is busy") @Nullable BigDecimal endsIn,
        @Schema(description = "that it has ended") long calls,
        @Schema(description = "invocations that it is at") int running,
        @Schema(description = "build of its worker; empty while that is not known") String workerVersion) {

    static InstanceView of(String executor, Instance instance) {
        return new InstanceView(instance.id(), executor, instance.name(), label(instance.state()),
                instance.instanceType(), instance.spot(), instance.publicDnsName(), instance.launchedAt(),
                seconds(instance.uptime()), instance.idle() == null ? null : seconds(instance.idle()),
                instance.endsIn() == null ? null : seconds(instance.endsIn()), instance.calls(), instance.running(),
                instance.workerVersion());
    }

    static String label(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static BigDecimal seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toMillis(), 3);
    }
}
