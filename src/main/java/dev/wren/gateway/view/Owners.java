package dev.wren.gateway.view;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.ReceiveMemory;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.GatewaysSettings;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.shard.NotHereException;
import dev.wren.gateway.web.Forwarding;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;

/**
 * Which gateways have to be asked for what is of several shards, and what they answer. Safe for use by several threads.
 */
@Component
final class Owners {

    /** Of which shards another gateway wants to know, as numbers with commas between. */
    private static final String SHARDS = "Wren-Shards";
    private static final int MOST = 64 << 20;
    /** What another gateway answers may change, and nothing here. */
    private static final Duration AGAIN = Duration.ofMillis(100);
    private static final int OK = 200;
    private static final int SERVER_ERROR = 500;

    private final HeldShards held;
    private final Gateways gateways;
    private final Forwarding forwarding;
    private final ReceiveMemory memory;
    private final Duration patience;
    private final Ticker ticker;
    private final JsonParsers parsers = new JsonParsers(10_000);

    Owners(HeldShards held, Gateways gateways, GatewaysSettings settings, Forwarding forwarding, ReceiveMemory memory,
            Ticker ticker) {
        this.patience = settings.patience();
        this.ticker = ticker;
        this.held = held;
        this.gateways = gateways;
        this.forwarding = forwarding;
        this.memory = memory;
    }

    /**
     * Who answers for what.
     *
     * @param here shards that this gateway answers for
     * @param elsewhere shards by the gateway that answers for them
     */
    record Split(Set<Integer> here, Map<Gateways.Peer, Set<Integer>> elsewhere) {

        Split {
            here = Set.copyOf(here);
            elsewhere = Map.copyOf(elsewhere);
        }
    }

    /**
     * Does something for which all shards have to be driven, and does it again, for a while, when one is being handed over.
     *
     * @throws ProblemException {@code unavailable} in the end
     */
    <T> T patiently(Supplier<T> action) {
        long end = ticker.read() + patience.toNanos();
        while (true) {
            long seen = gateways.changes().count();
            ProblemException problem;
            try {
                return action.get();
            } catch (NotHereException e) {
                problem = Forwarding.unavailable(String.valueOf(e.getMessage()));
            } catch (ProblemException e) {
                problem = e;
            }
            if (problem.type() != ProblemType.UNAVAILABLE || ticker.read() - end >= 0) {
                throw problem;
            }
            try {
                gateways.changes().await(seen, AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Forwarding.unavailable("The gateway is shutting down; ask again.");
            }
        }
    }

    /**
     * Who answers for all shards; for those alone that another gateway asks for, if the request is its.
     *
     * @throws ProblemException {@code unavailable} while nobody drives one of them
     */
    Split all(HttpServletRequest request) {
        if (request.getHeader(Forwarding.BY) != null) {
            return new Split(wanted(request.getHeader(SHARDS)), Map.of());
        }
        Set<Integer> here = new HashSet<>();
        Map<Gateways.Peer, Set<Integer>> elsewhere = new HashMap<>();
        for (int shard = 0; shard < held.count(); shard++) {
            if (held.drives(shard)) {
                here.add(shard);
            } else {
                elsewhere.computeIfAbsent(holder(shard), _ -> new TreeSet<>()).add(shard);
            }
        }
        return new Split(here, elsewhere);
    }

    private Set<Integer> wanted(@Nullable String header) {
        if (header == null || !header.matches("\\d{1,4}(,\\d{1,4})*")) {
            return held.all();
        }
        return Set.of(header.split(",")).stream().map(Integer::valueOf).collect(Collectors.toSet());
    }

    /** The other gateway that drives the shard. */
    Gateways.Peer holder(int shard) {
        return gateways.holder(shard).orElseThrow(() -> Forwarding.unavailable(
                "No gateway drives shard " + shard + " of the callsets at the moment."));
    }

    /**
     * What another gateway answers for a part.
     *
     * @param of what the caller asks
     * @param shards of which it is asked, or null: what it is about says so
     * @param json the body of a POST; null: a GET
     * @throws ProblemException what it refuses it with; {@code unavailable} if it cannot be asked
     */
    JsonNode ask(String tenant, Gateways.Peer peer, HttpServletRequest of, String target, @Nullable Set<Integer> shards,
            byte @Nullable [] json) throws InterruptedException {
        Map<String, String> more = shards == null
                ? Map.of()
                : Map.of(SHARDS, shards.stream().map(String::valueOf).collect(Collectors.joining(",")));
        try (Forwarding.Answer answer = forwarding.ask(peer, of, target, more, json);
                Quota.Grant room = memory.grant(tenant)) {
            JsonNode body = parsers.read(answer.body(), MOST, room);
            if (answer.status() != OK) {
                throw problem(body);
            }
            return body;
        } catch (IOException e) {
            throw Forwarding.unavailable("Another gateway's answer has broken off.");
        }
    }

    private static ProblemException problem(JsonNode body) {
        String detail = body.path("detail").asString("");
        for (ProblemType type : ProblemType.values()) {
            if (body.path("type").asString("").endsWith(":" + type.slug()) && type.status() < SERVER_ERROR) {
                return new ProblemException(type, detail);
            }
        }
        return Forwarding.unavailable("Another gateway that is to be asked cannot answer now: " + detail);
    }
}
