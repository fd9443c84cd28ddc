package dev.wren.client;

import dev.wren.client.generated.model.Instance;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A machine of a pool.
 *
 * @param id of EC2, or as it calls itself
 * @param name a tag of EC2
 * @param state {@code pending}, {@code running}, {@code draining} and so on
 * @param instanceType of EC2; null for a machine of another kind
 * @param spot whether it is a spot instance
 * @param publicDnsName where it can be reached; null if it cannot
 * @param launchedAt when it was launched; null if that is not known
 * @param uptime since then; null if that is not known
 * @param idle for how long it has had nothing to do; null while it has
 * @param calls that it has run
 */
public record WrenInstance(String id, @Nullable String name, String state, @Nullable String instanceType, boolean spot,
        @Nullable String publicDnsName, @Nullable Instant launchedAt, @Nullable Duration uptime,
        @Nullable Duration idle, long calls) {

    static WrenInstance of(Instance from) {
        return new WrenInstance(String.valueOf(from.getId()), from.getName(),
                from.getState() == null ? "" : from.getState().getValue(), from.getInstanceType(),
                Boolean.TRUE.equals(from.getSpot()), from.getPublicDnsName(),
                from.getLaunchedAt() == null ? null : from.getLaunchedAt().toInstant(), seconds(from.getUptime()),
                seconds(from.getIdle()), from.getCalls() == null ? 0 : from.getCalls());
    }

    private static @Nullable Duration seconds(@Nullable Double seconds) {
        return seconds == null ? null : Duration.ofMillis(Math.round(seconds * 1000));
    }
}
