package dev.wren.gateway.web;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.GatewaysSettings;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.shard.NotHereException;
import dev.wren.gateway.web.problem.CutOff;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.Streaming;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Passes requests on to the gateway that can answer them, as they are and with their caller's own key, and its answers back:
 * one hop, never two. So what is said of a callset is always said by the one gateway that drives it. Safe for use by several
 * threads.
 */
@Component
public final class Forwarding implements AutoCloseable {

    /** That a request comes from another gateway, whose id is its value. */
    public static final String BY = "Wren-Forwarded-By";

    /** That the gateway that was asked does not drive what it was asked about, and has done nothing. */
    private static final String NOT_HERE = "Wren-Not-Here";
    /** From one request to a gateway that has not answered it to the next. */
    private static final Duration AGAIN = Duration.ofMillis(200);
    private static final Duration SOON = Duration.ofSeconds(1);
    /** Beyond the longest wait that a request can ask for. */
    private static final Duration SPARE = Duration.ofSeconds(30);
    private static final int BUFFER = 1 << 14;
    /** What is of one connection, or was seen to by the gateway that the caller speaks to. */
    private static final Set<String> NOT_PASSED_ON = Set.of("connection", "content-encoding", "content-length",
            "expect",
            "forwarded", "host", "http2-settings", "keep-alive", "origin", "proxy-authorization", "proxy-connection",
            "referer",
            "te", "trailer", "transfer-encoding", "upgrade");
    private static final Set<String> NOT_PASSED_BACK = Set.of("connection", "date", "keep-alive", "proxy-authenticate",
            "te",
            "trailer", "transfer-encoding", "upgrade");

    private final Gateways gateways;
    private final HeldShards held;
    private final ParkedRequests parked;
    private final Duration patience;
    private final Ticker ticker;
    private final Quota room;
    private final Counter passed;
    private final Counter failed;
    private final Hops hops;

    Forwarding(Gateways gateways, HeldShards held, GatewaysSettings settings, ParkedRequests parked, TenantShare share,
            Ticker ticker, MeterRegistry metrics) {
        this.gateways = gateways;
        this.held = held;
        this.parked = parked;
        this.patience = settings.patience();
        this.ticker = ticker;
        this.room = new Quota("forwarded", "requests may be passed on to other gateways at once",
                settings.maxForwarded(), share, metrics);
        this.passed = counter(metrics, "answered");
        this.failed = counter(metrics, "failed");
        this.hops = new Hops(settings.connectTimeout());
    }

    private static Counter counter(MeterRegistry metrics, String outcome) {
        return Counter.builder("wren.forwarded").description("requests passed on to other gateways")
                .tag("outcome", outcome).register(metrics);
    }

    /**
     * Has another gateway answer a request of which nothing was read yet. While none drives what it is of, it waits for a
     * while: shards are handed over in a moment.
     *
     * @param why it is not answered here
     * @throws ProblemException {@code unavailable} if there is none that can, or the request came from another gateway
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many are passed on as may
     */
    void pass(NotHereException why, HttpServletRequest request, HttpServletResponse response)
            throws IOException, InterruptedException {
        if (response.isCommitted()) {
            throw Streaming.cutOff(request.getRequestURI());
        }
        if (request.getHeader(BY) != null) {
            response.setHeader(NOT_HERE, "true");
            throw unavailable(String.valueOf(why.getMessage()));
        }
        pass(why.shard(), String.valueOf(why.getMessage()), request, response, body(request));
    }

    /**
     * Has another gateway answer a request whose body was read.
     *
     * @param shard what it is of
     * @throws ProblemException {@code unavailable} if none does
     * @throws dev.wren.gateway.limits.QuotaExceededException when as many are passed on as may
     */
    public void pass(int shard, HttpServletRequest request, HttpServletResponse response, byte[] body)
            throws InterruptedException {
        pass(OptionalInt.of(shard), "No gateway drives shard " + shard + " of the callsets at the moment.", request,
                response, BodyPublishers.ofByteArray(body));
    }

    private void pass(OptionalInt shard, String why, HttpServletRequest request, HttpServletResponse response,
            BodyPublisher body) throws InterruptedException {
        String tenant = String.valueOf(request.getAttribute(Tenant.ATTRIBUTE));
        room.acquire(tenant, 1);
        try {
            // Whoever stops waits for nobody else.
            boolean answered = parked.hold(Duration.ofDays(1),
                    left -> !left.isZero() && answer(shard, why, request, response, body));
            if (!answered) {
                throw unavailable("The gateway is shutting down; ask again.");
            }
        } finally {
            room.release(tenant, 1);
        }
    }

    /** Asks whoever drives it, and whoever drives it after that. */
    private boolean answer(OptionalInt shard, String why, HttpServletRequest request, HttpServletResponse response,
            BodyPublisher body) throws InterruptedException {
        long end = ticker.read() + patience.toNanos();
        URI there = null;
        String failure = why;
        while (true) {
            String last = failure;
            there = await(shard, there, end).orElseThrow(() -> unavailable(last));
            Optional<String> elsewhere = send(there, shard, request, response, body);
            if (elsewhere.isEmpty()) {
                return true;
            }
            failure = elsewhere.get();
        }
    }

    /**
     * Where what is of the shard can be asked for; perhaps here, by now.
     *
     * @param but not there for a moment: it has not answered, or drives it no more, or is not sure of it until it has renewed
     * its lease
     */
    private Optional<URI> await(OptionalInt shard, @Nullable URI but, long end) throws InterruptedException {
        long again = ticker.read() + AGAIN.toNanos();
        while (true) {
            long seen = gateways.changes().count();
            Optional<URI> found = address(shard);
            long now = ticker.read();
            boolean tooSoon = found.isPresent() && found.get().equals(but) && again - now > 0;
            if (found.isPresent() && !tooSoon) {
                return found;
            }
            if (end - now <= 0) {
                return Optional.empty();
            }
            gateways.changes().await(seen, Duration.ofNanos(Math.min(end - now, tooSoon ? again - now : end - now)));
        }
    }

    private Optional<URI> address(OptionalInt shard) {
        if (shard.isPresent() ? held.drives(shard.getAsInt()) : held.drivesAny()) {
            return gateways.address();
        }
        if (shard.isPresent()) {
            return gateways.holder(shard.getAsInt()).map(Gateways.Peer::address);
        }
        List<URI> all = gateways.others().stream().filter(peer -> peer.stays() && !peer.shards().isEmpty())
                .flatMap(peer -> Optional.ofNullable(peer.address()).stream()).toList();
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(all.get(ThreadLocalRandom.current().nextInt(all.size())));
    }

    /** The answer to a caller when no other gateway answers now. */
    public static ProblemException unavailable(String why) {
        return new ProblemException(ProblemType.UNAVAILABLE, why).retryAfter(SOON);
    }

    /** Has it answered there; else says why another is to be asked, and nothing was done there. */
    private Optional<String> send(URI there, OptionalInt shard, HttpServletRequest request,
            HttpServletResponse response, BodyPublisher publisher) throws InterruptedException {
        String query = request.getQueryString();
        HttpRequest asked = request(there, request, request.getMethod(),
                request.getRequestURI() + (query == null ? "" : "?" + query), publisher).build();
        boolean begun = false;
        try (Hops.Hop hop = hops.begin(() -> hasMoved(shard, there))) {
            HttpResponse<InputStream> answer = hop.send(asked);
            if (answer.headers().firstValue(NOT_HERE).isPresent() && publisher.contentLength() >= 0) {
                return Optional.of("The gateway that is asked does not drive this any more.");
            }
            begun = true;
            head(answer, response);
            copy(answer.body(), response);
            passed.increment();
            return Optional.empty();
        } catch (HttpConnectTimeoutException | ConnectException e) {
            failed.increment();
            return Optional.of("The gateway that drives this does not answer: " + e.getMessage() + ".");
        } catch (IOException e) {
            failed.increment();
            if (begun || !isRepeatable(request)) {
                CutOff.mark();
                return Optional.empty();
            }
            if (publisher.contentLength() >= 0 && hasMoved(shard, there)) {
                return Optional.of("The gateway that drove this has not answered.");
            }
            throw unavailable("The gateway that drives this has not answered.");
        }
    }

    private boolean hasMoved(OptionalInt shard, URI there) {
        return shard.isPresent() && address(shard).filter(each -> !each.equals(there)).isPresent();
    }

    /** Whether doing it twice does no harm; else the caller must not be told that nothing was done. */
    private static boolean isRepeatable(HttpServletRequest request) {
        return !request.getMethod().equals("POST") || request.getHeader(IdempotencyKey.NAME) != null
                || request.getRequestURI().equals("/wait");
    }

    private static void head(HttpResponse<InputStream> answer, HttpServletResponse response) {
        response.setStatus(answer.statusCode());
        answer.headers().map().forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.equals("content-length")) {
                response.setContentLengthLong(Long.parseLong(values.getFirst()));
            } else if (!NOT_PASSED_BACK.contains(lower)) {
                response.setHeader(name, values.getFirst());
                values.stream().skip(1).forEach(value -> response.addHeader(name, value));
            }
        });
    }

    /** As it comes, so that streams stay streams. */
    private static void copy(InputStream body, HttpServletResponse response) throws IOException {
        OutputStream out = response.getOutputStream();
        byte[] block = new byte[BUFFER];
        for (int n; (n = body.read(block)) >= 0;) {
            out.write(block, 0, n);
            if (body.available() == 0) {
                out.flush();
            }
        }
        out.flush();
    }

    private static BodyPublisher body(HttpServletRequest request) {
        boolean has = request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null
                || (request.getContentLengthLong() < 0 && request.getHeader("Content-Length") != null);
        return has
                ? BodyPublishers.ofInputStream(() -> {
                    try {
                        return request.getInputStream();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                : BodyPublishers.noBody();
    }

    private HttpRequest.Builder request(URI there, HttpServletRequest of, String method, String target,
            BodyPublisher body) {
        HttpRequest.Builder asked;
        try {
            asked = HttpRequest.newBuilder(URI.create(there + target));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The path or query is no URI: " + e.getMessage());
        }
        for (String name : Collections.list(of.getHeaderNames())) {
            if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))
                    && !name.toLowerCase(Locale.ROOT).startsWith("sec-")) {
                Collections.list(of.getHeaders(name)).forEach(value -> asked.header(name, value));
            }
        }
        if (body.contentLength() >= 0) {
            // How long a stream takes to come is its sender's affair.
            asked.timeout(parked.longest().plus(SPARE));
        }
        return asked.header(BY, gateways.id()).method(method, body);
    }

    /** What another gateway answers. */
    public record Answer(int status, InputStream body, Runnable end) implements AutoCloseable {
        @Override
        public void close() {
            end.run();
        }
    }

    /**
     * Asks another gateway for part of what a caller wants, with the caller's own key.
     *
     * @param of what the caller asks
     * @param target path and query
     * @param headers further ones
     * @param json the body; null: none
     * @throws ProblemException {@code unavailable} if it does not answer
     */
    public Answer ask(Gateways.Peer peer, HttpServletRequest of, String target, Map<String, String> headers,
            byte @Nullable [] json)
            throws InterruptedException {
        URI there = Optional.ofNullable(peer.address())
                .orElseThrow(() -> unavailable("Another gateway that is to be asked is starting."));
        HttpRequest.Builder asked = request(there, of, json == null ? "GET" : "POST", target,
                json == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(json));
        headers.forEach(asked::setHeader);
        // It is read here.
        asked.setHeader("Accept-Encoding", "identity");
        Hops.Hop hop = hops.begin(() -> gateways.others().stream().noneMatch(each -> each.id().equals(peer.id())));
        try {
            HttpResponse<InputStream> answer = hop.send(asked.build());
            passed.increment();
            return new Answer(answer.statusCode(), answer.body(), hop::close);
        } catch (IOException e) {
            hop.close();
            failed.increment();
            throw unavailable("Another gateway that is to be asked does not answer: " + e.getMessage() + ".");
        } catch (InterruptedException e) {
            hop.close();
            throw e;
        }
    }

    @Override
    public void close() {
        hops.close();
    }
}
