package dev.wren.gateway.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses to tell or change anything of callsets while another gateway may drive them: what is known here may be old. Safe
 * for use by several threads.
 */
@Component
public final class Standby implements HandlerInterceptor {

    private static final Duration LATER = Duration.ofSeconds(5);

    private volatile Supplier<Optional<String>> whyNot = Optional::empty;

    /** Says from now on why callsets are not to be asked about here; nothing if they are. It is asked by any thread. */
    public void unless(Supplier<Optional<String>> reason) {
        whyNot = reason;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        String path = request.getRequestURI();
        if (path.equals("/calls") || path.startsWith("/calls/") || path.equals("/wait")) {
            requireNot();
        }
        return true;
    }

    /**
     * Refuses what must not be done here now.
     *
     * @throws ProblemException {@code unavailable} while another gateway may drive callsets
     */
    public void requireNot() {
        Optional<String> reason = whyNot.get();
        if (reason.isPresent()) {
            throw new ProblemException(ProblemType.UNAVAILABLE,
                    "This gateway does not drive callsets now: " + reason.get() + ".").retryAfter(LATER);
        }
    }
}
