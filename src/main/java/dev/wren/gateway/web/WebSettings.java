package dev.wren.gateway.web;

import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Requests that wait, and pages that may call.
 *
 * @param longestWait a longer wait is cut to it; also the wait where none is given
 * @param maxParked requests that wait at once, and streams of events
 * @param heartbeat how often a stream of events that has nothing to say shows that it is there
 * @param allowedOrigins origins whose pages may call ({@code https://example.com}); none where it is not given
 */
@Validated
@ConfigurationProperties("wren.web")
public record WebSettings(@DefaultValue("60s") @DurationMin Duration longestWait,
        @DefaultValue("10000") @Min(1) int maxParked,
        @DefaultValue("15s") @DurationMin(millis = 100) Duration heartbeat, @DefaultValue List<String> allowedOrigins) {

    public WebSettings {
        allowedOrigins = List.copyOf(allowedOrigins);
    }
}
