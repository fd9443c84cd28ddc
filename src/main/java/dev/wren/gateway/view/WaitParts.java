package dev.wren.gateway.view;

import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.web.Forwarding;
import dev.wren.protocol.CallsetId;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A wait for calls that several gateways drive: each waits for its own, and what they say is put together. */
@Component
final class WaitParts {

    private final HeldShards held;
    private final Owners owners;
    private final JsonMapper json;

    WaitParts(HeldShards held, Owners owners, JsonMapper json) {
        this.held = held;
        this.owners = owners;
        this.json = json;
    }

    /**
     * What is waited for.
     *
     * @param callId null: all calls of the callset
     */
    record Ref(String callsetId, @Nullable String callId) {
    }

    /**
     * A wait.
     *
     * @param byOwner what each has to wait for; nothing for this gateway
     */
    record Whole(List<Ref> refs, Map<Optional<Gateways.Peer>, List<Ref>> byOwner, ReturnWhen when, Duration timeout) {
    }

    /** Waits for what this gateway drives. */
    @FunctionalInterface
    interface Here {
        Object await(List<Ref> refs, ReturnWhen when, Duration timeout) throws InterruptedException;
    }

    /** Who drives what; all is this gateway's where another asks. */
    Map<Optional<Gateways.Peer>, List<Ref>> byOwner(List<Ref> refs, HttpServletRequest request) {
        if (request.getHeader(Forwarding.BY) != null) {
            return Map.of(Optional.empty(), refs);
        }
        Map<Integer, Optional<Gateways.Peer>> known = new HashMap<>();
        Map<Optional<Gateways.Peer>, List<Ref>> byOwner = new LinkedHashMap<>();
        for (Ref ref : refs) {
            byOwner.computeIfAbsent(owner(ref, known), _ -> new ArrayList<>()).add(ref);
        }
        return byOwner;
    }

    /** The shard of a call that another gateway drives. */
    static int shard(Ref ref) {
        return new CallsetId(ref.callsetId).shard();
    }

    /** What is no id of a callset is refused here. */
    private Optional<Gateways.Peer> owner(Ref ref, Map<Integer, Optional<Gateways.Peer>> known) {
        return CallsetId.parse(ref.callsetId).map(CallsetId::shard).filter(shard -> shard < held.count())
                .flatMap(shard -> known.computeIfAbsent(shard, each -> held.drives(each)
                        ? Optional.empty()
                        : Optional.of(owners.holder(each))));
    }

    /**
     * Has all owners wait at once; a {@link WaitController.WaitResult} as JSON, of what all of them say, in the order that
     * was asked for.
     */
    byte[] await(String tenant, Whole whole, HttpServletRequest request, Here here) throws InterruptedException {
        Map<Optional<Gateways.Peer>, JsonNode> said = new HashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletionService<Map.Entry<Optional<Gateways.Peer>, JsonNode>> answers = new ExecutorCompletionService<>(
                    threads);
            List<Future<?>> asked = new ArrayList<>();
            whole.byOwner.forEach((owner, refs) -> asked.add(answers.submit(
                    () -> Map.entry(owner, ask(tenant, owner, refs, whole.when, whole.timeout, request, here)))));
            try {
                for (int i = 0; i < asked.size(); i++) {
                    var answer = answers.take().get();
                    said.put(answer.getKey(), answer.getValue());
                    if (whole.when == ReturnWhen.ANY_COMPLETED && answer.getValue().path("complete").asBoolean()) {
                        break;
                    }
                }
            } finally {
                asked.forEach(each -> each.cancel(true));
            }
            // Of those that were not waited for to the end, how they are now.
            for (Map.Entry<Optional<Gateways.Peer>, List<Ref>> part : whole.byOwner.entrySet()) {
                if (!said.containsKey(part.getKey())) {
                    said.put(part.getKey(), ask(tenant, part.getKey(), part.getValue(), ReturnWhen.ALWAYS,
                            Duration.ZERO, request, here));
                }
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failed -> throw failed;
                case InterruptedException _ -> throw Forwarding.unavailable("The gateway is shutting down; ask again.");
                case null, default -> throw new IllegalStateException(e);
            }
        }
        boolean complete = whole.when == ReturnWhen.ANY_COMPLETED
                ? said.values().stream().anyMatch(each -> each.path("complete").asBoolean())
                : said.values().stream().allMatch(each -> each.path("complete").asBoolean());
        return json.writeValueAsBytes(merge(whole, said, complete));
    }

    private JsonNode ask(String tenant, Optional<Gateways.Peer> owner, List<Ref> refs, ReturnWhen when,
            Duration timeout, HttpServletRequest request, Here here) throws InterruptedException {
        if (owner.isEmpty()) {
            return json.readTree(json.writeValueAsBytes(here.await(refs, when, timeout)));
        }
        List<Ref> futures = refs.stream().filter(ref -> ref.callId != null).toList();
        List<String> callsets = refs.stream().filter(ref -> ref.callId == null).map(Ref::callsetId).toList();
        String body = json.writeValueAsString(Map.of("futures", futures, "callsets", callsets, "returnWhen", when,
                "timeout", timeout.toMillis() / 1000.0));
        return owners.ask(tenant, owner.get(), request, "/wait", null, body.getBytes(StandardCharsets.UTF_8));
    }

    /** What an owner says, in its order, which is that of what it was asked for. */
    private static final class Said {

        private final Deque<JsonNode> done = new ArrayDeque<>();
        private final Deque<JsonNode> notDone = new ArrayDeque<>();

        Said(JsonNode said) {
            said.path("done").forEach(done::add);
            said.path("notDone").forEach(notDone::add);
        }

        /** Takes the call, if it is the next; into one of two lists. */
        boolean take(String callsetId, @Nullable String callId, int index, List<JsonNode> intoDone,
                List<JsonNode> intoNotDone) {
            return take(done, callsetId, callId, index, intoDone)
                    || take(notDone, callsetId, callId, index, intoNotDone);
        }

        private static boolean take(Deque<JsonNode> from, String callsetId, @Nullable String callId, int index,
                List<JsonNode> into) {
            JsonNode next = from.peek();
            if (next == null || !next.path("callsetId").asString("").equals(callsetId)) {
                return false;
            }
            String id = next.path("callId").asString("");
            if (callId == null ? Integer.parseInt(id) != index : !id.equals(callId)) {
                return false;
            }
            return into.add(from.remove());
        }
    }

    private record Merged(List<JsonNode> done, List<JsonNode> notDone, boolean complete) {

        Merged {
            done = List.copyOf(done);
            notDone = List.copyOf(notDone);
        }
    }

    private Merged merge(Whole whole, Map<Optional<Gateways.Peer>, JsonNode> said, boolean complete) {
        Map<Optional<Gateways.Peer>, Said> left = new HashMap<>();
        said.forEach((owner, answer) -> left.put(owner, new Said(answer)));
        Map<String, Said> byCallset = new HashMap<>();
        whole.byOwner.forEach((owner, refs) -> refs
                .forEach(ref -> byCallset.put(ref.callsetId, Objects.requireNonNull(left.get(owner)))));
        List<JsonNode> done = new ArrayList<>();
        List<JsonNode> notDone = new ArrayList<>();
        for (Ref ref : whole.refs) {
            Said of = Objects.requireNonNull(byCallset.get(ref.callsetId));
            if (ref.callId != null) {
                boolean _ = of.take(ref.callsetId, ref.callId, 0, done, notDone);
            } else {
                int index = 0;
                while (of.take(ref.callsetId, null, index, done, notDone)) {
                    index++;
                }
            }
        }
        if (done.size() + notDone.size() > WaitController.MAX_FUTURES) {
            throw WaitController.tooMany();
        }
        return new Merged(done, notDone, complete);
    }
}
