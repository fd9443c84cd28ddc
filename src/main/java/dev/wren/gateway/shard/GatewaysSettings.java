package dev.wren.gateway.shard;

import dev.wren.gateway.limits.Heap;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Several gateways on one store.
 *
 * @param shards into how many parts the callsets of a store on S3 are divided when it is made; no more gateways than that
 * have something to drive. A store keeps the number that it was made with
 * @param address where the other gateways reach this one, as {@code http://host:port}; where it is not given, the machine's
 * own address and the port that it listens on
 * @param lease how long what a gateway drives stays its own when nothing is heard of it: it renews that five times as often
 * @param patience how long a request waits here while nobody drives what it is of
 * @param maxForwarded requests that are passed on to other gateways at once; 0: 10,000, or as many as a tenth of the heap has
 * room for
 * @param connectTimeout of the connection to another gateway
 */
@Validated
@ConfigurationProperties("wren.gateways")
public record GatewaysSettings(
        @DefaultValue("16") @Min(1) @Max(1024) int shards,
        @Nullable @Pattern(regexp = "https?://[^/?#@\\s]+",
                message = "is http://host:port or https://host:port") String address,
        @DefaultValue("15s") @DurationMin(seconds = 1) Duration lease,
        @DefaultValue("5s") @DurationMin(millis = 0) Duration patience,
        @DefaultValue("0") @Min(0) @Max(1_000_000) int maxForwarded,
        @DefaultValue("2s") @DurationMin(millis = 10) Duration connectTimeout) {

    /** Bytes of one that is passed on: the connections to its caller and to the other gateway. */
    private static final int FORWARDED = 128 << 10;
    private static final int MOST = 10_000;

    public GatewaysSettings {
        maxForwarded = Heap.orMany(maxForwarded, 10, FORWARDED, MOST);
    }
}
