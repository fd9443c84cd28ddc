package dev.wren.gateway.web;

import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/** Requests that wait for something, and how long they may. Safe for use by several threads. */
@Component
public final class ParkedRequests {

    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
    private static final Pattern PREFERRED = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,9})(?:$|[,;\\s])");

    private final WebSettings settings;
    private final Quota room;
    private final Set<Place> places = ConcurrentHashMap.newKeySet();
    private volatile boolean shutdown;

    ParkedRequests(WebSettings settings, TenantShare share, MeterRegistry metrics) {
        this.settings = settings;
        this.room = new Quota("parked", "requests may wait at once", settings.maxParked(), share, metrics);
        Gauge.builder("wren.polls.parked", places, Set::size)
                .description("requests that wait for calls to end, and streams of events")
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
     * @return whether what is waited for came within {@code timeout}, or before the gateway began to stop
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many requests wait as may
     */
    public boolean park(Duration timeout, Wait wait) throws InterruptedException {
        if (timeout.isZero() || wait.await(Duration.ZERO)) {
            return wait.await(Duration.ZERO);
        }
        try (Place place = enter()) {
            return place.await(timeout, wait);
        }
    }

    /**
     * Waits for what the gateway itself is about to do; there is always room for it.
     *
     * @return whether it came within {@code timeout}, or before the gateway began to stop
     */
    public boolean hold(Duration timeout, Wait wait) throws InterruptedException {
        Place place = new Place(Thread.currentThread(), null);
        places.add(place);
        try (place) {
            return place.await(timeout, wait);
        }
    }

    /**
     * Room for a request that waits, perhaps several times, on the thread that calls.
     *
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many requests wait as may
     */
    public Place enter() {
        String tenant = tenant();
        room.acquire(tenant, 1);
        Place place = new Place(Thread.currentThread(), tenant);
        places.add(place);
        return place;
    }

    /** Of the request that is answered by this thread. */
    private static String tenant() {
        RequestAttributes request = RequestContextHolder.getRequestAttributes();
        Object tenant = request == null
                ? null
                : request.getAttribute(Tenant.ATTRIBUTE, RequestAttributes.SCOPE_REQUEST);
        return tenant == null ? "" : tenant.toString();
    }

    /** From now on nobody waits, and whoever does is answered with what is so far. */
    public void release() {
        shutdown = true;
        places.forEach(Place::wake);
    }

    /** How often a stream of events that has nothing to say shows that it is there. */
    public Duration heartbeat() {
        return settings.heartbeat();
    }

    /** A request that may wait. Used by its own thread, but woken by another. */
    public final class Place implements AutoCloseable {

        private final Thread thread;
        /** Whose room it takes; null: none. */
        private final @Nullable String tenant;
        private boolean waiting;

        private Place(Thread thread, @Nullable String tenant) {
            this.thread = thread;
            this.tenant = tenant;
        }

        /** Waits; shorter, if the gateway is shutting down. */
        public boolean await(Duration timeout, Wait wait) throws InterruptedException {
            synchronized (this) {
                waiting = true;
            }
            try {
                return wait.await(shutdown ? Duration.ZERO : timeout);
            } catch (InterruptedException e) {
                if (!shutdown) {
                    throw e;
                }
            } finally {
                synchronized (this) {
                    waiting = false;
                    // Woken too late to notice: what follows is not to be interrupted.
                    boolean _ = shutdown && Thread.interrupted();
                }
            }
            return wait.await(Duration.ZERO);
        }

        /** Whether the gateway is shutting down. */
        public boolean isLeaving() {
            return shutdown;
        }

        private synchronized void wake() {
            if (waiting) {
                thread.interrupt();
            }
        }

        @Override
        public void close() {
            if (places.remove(this) && tenant != null) {
                room.release(tenant, 1);
            }
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
