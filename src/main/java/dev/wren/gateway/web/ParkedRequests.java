package dev.wren.gateway.web;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Requests that wait for something, and how long they may. Safe for use by several threads. */
@Component
public final class ParkedRequests {

    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
    private static final Pattern PREFERRED = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,9})(?:$|[,;\\s])");

    private final WebSettings settings;
    private final AtomicInteger parked = new AtomicInteger();

    ParkedRequests(WebSettings settings, MeterRegistry metrics) {
        this.settings = settings;
        Gauge.builder("wren.polls.parked", parked, AtomicInteger::get)
                .description("requests that wait for calls to end")
                .register(metrics);
    }

    /** Waits for something; true if it came. */
    @FunctionalInterface
    public interface Wait {
        boolean await(Duration timeout) throws InterruptedException;
    }

    /**
     * Waits, if there is room.
     *
     * @return whether what is waited for came within {@code timeout}
     * @throws ProblemException {@code too-many} when as many requests wait as may
     */
    public boolean park(Duration timeout, Wait wait) throws InterruptedException {
        if (timeout.isZero() || wait.await(Duration.ZERO)) {
            return wait.await(Duration.ZERO);
        }
        if (parked.incrementAndGet() > settings.maxParked()) {
            parked.decrementAndGet();
            throw new ProblemException(ProblemType.TOO_MANY,
                    "At most " + settings.maxParked() + " requests may wait at once.")
                    .with("limit", settings.maxParked()).retryAfter(Duration.ofSeconds(1));
        }
        try {
            return wait.await(timeout);
        } finally {
            parked.decrementAndGet();
        }
    }

    /** The longest wait, which is also the wait where none is given. */
    public Duration longest() {
        return settings.longestWait();
    }

    /**
     * A wait from a query parameter, cut to the longest.
     *
     * @param text decimal seconds, or null
     * @param name of the parameter
     * @throws ProblemException {@code invalid-request} if it is no number from 0 on
     */
    public Duration seconds(@Nullable String text, String name, Duration otherwise) {
        if (text == null) {
            return otherwise;
        }
        if (!SECONDS.matcher(text).matches()) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, name, "A number of seconds from 0 on.");
        }
        return cut(new BigDecimal(text));
    }

    /** The wait that a {@code Prefer} header asks for (RFC 7240); null if it asks for none that is understood. */
    public @Nullable Duration preferred(@Nullable String prefer) {
        if (prefer == null) {
            return null;
        }
        var wait = PREFERRED.matcher(prefer);
        return wait.find() ? cut(new BigDecimal(wait.group(1))) : null;
    }

    /** A number of seconds, not negative, cut to the longest wait. */
    public Duration cut(BigDecimal seconds) {
        Duration wanted = Duration.ofNanos(seconds.movePointRight(9).min(BigDecimal.valueOf(Long.MAX_VALUE))
                .longValue());
        return wanted.compareTo(settings.longestWait()) > 0 ? settings.longestWait() : wanted;
    }
}
