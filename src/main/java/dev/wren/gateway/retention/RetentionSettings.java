package dev.wren.gateway.retention;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What is removed by itself, and when.
 *
 * @param callsets how long a callset is kept after it was done; forever where it is not given
 * @param jars how long a jar's content is kept that no name and no callset refers to; at least the time of two
 * sweeps
 * @param every time between two sweeps
 * @param rate objects looked at or removed in a second, at most
 */
@Validated
@ConfigurationProperties("wren.retention")
record RetentionSettings(@Nullable @DurationMin(minutes = 1) Duration callsets,
        @DefaultValue("7d") @DurationMin(minutes = 1) Duration jars,
        @DefaultValue("1h") @DurationMin(seconds = 1) Duration every,
        @DefaultValue("200") @Min(1) @Max(1_000_000) int rate) {
}
