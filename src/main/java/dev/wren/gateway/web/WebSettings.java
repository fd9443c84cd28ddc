package dev.wren.gateway.web;

import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of requests that wait.
 *
 * @param longestWait a longer wait is cut to it; also the wait where none is given
 * @param maxParked requests that wait at once
 */
@Validated
@ConfigurationProperties("wren.web")
public record WebSettings(@DefaultValue("60s") Duration longestWait, @DefaultValue("10000") @Min(1) int maxParked) {
}
