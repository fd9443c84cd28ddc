package dev.wren.gateway.web;

import dev.wren.gateway.limits.Heap;
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
 * @param maxParked requests that wait at once, and streams of events; 0: 10,000, or as many as fit into a tenth of the
 * heap, at {@link #PARKED} bytes each
 * @param heartbeat how often a stream of events that has nothing to say shows that it is there
 * @param allowedOrigins origins whose pages may call ({@code https://example.com}); none where it is not given
 */
@Validated
@ConfigurationProperties("wren.web")
public record WebSettings(@DefaultValue("60s") @DurationMin Duration longestWait,
        @DefaultValue("0") @Min(0) int maxParked,
        @DefaultValue("15s") @DurationMin(millis = 100) Duration heartbeat, @DefaultValue List<String> allowedOrigins) {

    /** Bytes of heap that a request takes while it waits: 87 kB were measured with Tomcat 11, most of it buffers. */
    static final int PARKED = 90_000;

    public WebSettings {
        maxParked = Heap.orMany(maxParked, 10, PARKED, 10_000);
        allowedOrigins = List.copyOf(allowedOrigins);
    }
}
