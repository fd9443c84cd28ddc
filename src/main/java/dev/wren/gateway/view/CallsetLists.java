package dev.wren.gateway.view;

import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.store.AtOnce;
import dev.wren.gateway.web.Cursor;
import dev.wren.gateway.web.Forwarding;
import dev.wren.gateway.web.Page;
import dev.wren.protocol.CallsetId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Lists of callsets that several gateways drive: each tells of its own. Safe for use by several threads. */
@Component
final class CallsetLists {

    private static final Comparator<CallsetId> NEWEST_FIRST = Comparator.comparing(CallsetId::key);

    private final Owners owners;
    private final JsonMapper json;

    CallsetLists(Owners owners, JsonMapper json) {
        this.owners = owners;
        this.json = json;
    }

    /**
     * One of a list.
     *
     * @param view what is written
     */
    record Item(CallsetId id, Object view) {
    }

    /**
     * Part of a list.
     *
     * @param items newest first
     * @param next what comes after this one may belong to the list too; null where nothing does
     */
    record Part(List<Item> items, @Nullable CallsetId next) {

        Part {
            items = List.copyOf(items);
        }
    }

    /**
     * What the others tell of.
     *
     * @param list for their cursors
     * @throws dev.wren.gateway.web.problem.ProblemException {@code unavailable} if one of them cannot be asked
     */
    List<Part> ask(String tenant, Owners.Split split, HttpServletRequest request, String list) {
        String query = request.getQueryString();
        String target = "/calls" + (query == null ? "" : "?" + query);
        return AtOnce.map(List.copyOf(split.elsewhere().entrySet()), each -> ask(tenant, each, request, target, list));
    }

    private Part ask(String tenant, Map.Entry<Gateways.Peer, Set<Integer>> of, HttpServletRequest request,
            String target, String list) {
        JsonNode page;
        try {
            page = owners.ask(tenant, of.getKey(), request, target, of.getValue(), null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Forwarding.unavailable("The gateway is shutting down; ask again.");
        }
        List<Item> items = new ArrayList<>();
        for (JsonNode item : page.path("items")) {
            items.add(new Item(new CallsetId(item.path("callsetId").asString("")), item));
        }
        return new Part(items, page.has("next") ? place(page.path("next").asString(""), list) : null);
    }

    private static @Nullable CallsetId place(String next, String list) {
        String cursor = next.replaceAll(".*[?&]cursor=([^&]*).*", "$1");
        return CallsetId.parse(Objects.requireNonNull(Cursor.decode(list, cursor))).orElseThrow();
    }

    /** One part of all: what comes after the end of a part that goes on is not known yet. */
    static Part merge(List<Part> parts, int limit) {
        CallsetId known = parts.stream().map(Part::next).filter(Objects::nonNull).min(NEWEST_FIRST).orElse(null);
        List<Item> all = parts.stream().flatMap(part -> part.items.stream())
                .filter(item -> known == null || NEWEST_FIRST.compare(item.id, known) <= 0)
                .sorted(Comparator.comparing(Item::id, NEWEST_FIRST)).toList();
        return all.size() > limit
                ? new Part(all.subList(0, limit), all.get(limit - 1).id)
                : new Part(all, known);
    }

    /** Writes a page: views of this gateway, and what others have written. */
    void write(Page<Object> page, HttpServletResponse response) throws IOException {
        page.link().ifPresent(link -> response.setHeader(HttpHeaders.LINK, link));
        response.setContentType("application/json");
        response.getOutputStream().write(json.writeValueAsBytes(page));
    }
}
