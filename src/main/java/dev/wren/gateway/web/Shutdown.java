package dev.wren.gateway.web;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Set;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;

/** Refuses work while the gateway is shutting down; reads are answered to the last. Safe for use by several threads. */
@Component
public final class Shutdown implements HandlerInterceptor {

    private static final Duration LATER = Duration.ofSeconds(5);
    private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

    private final ApplicationContext context;
    private final ParkedRequests parked;
    private volatile boolean begun;

    Shutdown(ApplicationContext context, ParkedRequests parked) {
        this.context = context;
        this.parked = parked;
    }

    /** From now on work is refused, the gateway is not ready, and nobody waits. */
    public void begin() {
        begun = true;
        AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
        parked.release();
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (begun && !READS.contains(request.getMethod()) && !request.getRequestURI().equals("/wait")) {
            requireNot();
        }
        return true;
    }

    /**
     * Refuses what would begin now.
     *
     * @throws ProblemException {@code unavailable} while the gateway is shutting down
     */
    public void requireNot() {
        if (begun) {
            throw new ProblemException(ProblemType.UNAVAILABLE, "The gateway is shutting down; send it again.")
                    .retryAfter(LATER);
        }
    }
}
