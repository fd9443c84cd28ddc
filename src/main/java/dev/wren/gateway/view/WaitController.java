package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.ReceiveMemory;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.NotHereException;
import dev.wren.gateway.web.Forwarding;
import dev.wren.gateway.web.LazyList;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemException.FieldError;
import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** Waits for many calls at once. */
@RestController
final class WaitController {

    static final int MAX_FUTURES = 10_000;
    private static final int MAX_BODY = 2 << 20;
    private static final Set<String> FIELDS = Set.of("futures", "callsets", "returnWhen", "timeout", "waitDurSec",
            "threadpoolSize");

    private final Callsets callsets;
    private final ReceiveMemory receiveMemory;
    private final Waiters waiters;
    private final ParkedRequests parked;
    private final WaitParts parts;
    private final Owners owners;
    private final Forwarding forwarding;
    private final JsonParsers parsers = new JsonParsers(16);

    WaitController(Callsets callsets, ReceiveMemory receiveMemory, Waiters waiters, ParkedRequests parked,
            WaitParts parts, Owners owners, Forwarding forwarding) {
        this.owners = owners;
        this.callsets = callsets;
        this.receiveMemory = receiveMemory;
        this.waiters = waiters;
        this.parked = parked;
        this.parts = parts;
        this.forwarding = forwarding;
    }

    /** What to wait for, as the specification describes it. */
    @Schema(name = "WaitRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record WaitRequest(
            @Schema(description = "single calls; at most 10,000 with those of the callsets") List<FutureRef> futures,
            @Schema(description = "all calls of these") List<String> callsets,
            @Schema(defaultValue = "ALL_COMPLETED") ReturnWhen returnWhen,
            @Schema(description = "seconds; cut to the longest wait", minimum = "0") BigDecimal timeout,
            @Schema(description = "seconds between checks of the store, for callsets of another gateway",
                    defaultValue = "5", minimum = "0") BigDecimal waitDurSec,
            @Schema(description = "such checks at once", defaultValue = "64", minimum = "1",
                    maximum = "1024") Integer threadpoolSize) {
    }

    /** A call. */
    @Schema(name = "FutureRef", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record FutureRef(@Schema(requiredMode = Schema.RequiredMode.REQUIRED) String callsetId,
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED) String callId) {
    }

    /** What a wait came to. */
    @Schema(name = "WaitResult")
    record WaitResult(@Schema(description = "ended, in the order asked for") List<FutureView> done,
            @Schema(description = "not ended, in the order asked for") List<FutureView> notDone,
            @Schema(description = "whether the condition held") boolean complete) {
    }

    @PostMapping(path = "/wait", consumes = "application/json", produces = "application/json")
    @ApiProblems(value = {ProblemType.MALFORMED_JSON, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE,
            ProblemType.TOO_MANY}, groups = ApiProblems.Group.READS)
    @Operation(operationId = "waitForFutures", tags = "calls", summary = "Wait for many calls at once",
            requestBody = @RequestBody(required = true,
                    content = @Content(mediaType = "application/json",
                            schema = @Schema(implementation = WaitRequest.class))))
    @ApiResponse(responseCode = "200", description = "What has ended, and what has not.", useReturnTypeSchema = true)
    @Nullable
    WaitResult await(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, HttpServletRequest request,
            HttpServletResponse response) throws IOException, InterruptedException {
        JsonNode body;
        Wanted wanted;
        try (Quota.Grant memory = receiveMemory.grant(tenant)) {
            body = parsers.read(request.getInputStream(), MAX_BODY, memory);
            wanted = read(body);
        }
        Map<Optional<Gateways.Peer>, List<WaitParts.Ref>> byOwner = owners.patiently(
                () -> parts.byOwner(wanted.refs, request));
        if (byOwner.size() <= 1) {
            Gateways.Peer other = byOwner.keySet().stream().flatMap(Optional::stream).findFirst().orElse(null);
            if (other == null) {
                return await(tenant, wanted.refs, wanted.when, wanted.timeout);
            }
            forwarding.pass(WaitParts.shard(wanted.refs.getFirst()), request, response,
                    body.toString().getBytes(StandardCharsets.UTF_8));
            return null;
        }
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        // Whoever stops waits for nobody else.
        if (!parked.hold(Duration.ofDays(1), left -> !left.isZero() && answer.complete(
                parts.await(tenant, new WaitParts.Whole(wanted.refs, byOwner, wanted.when, wanted.timeout), request,
                        (refs, when, timeout) -> await(tenant, refs, when, timeout))))) {
            throw Forwarding.unavailable("The gateway is shutting down; ask again.");
        }
        response.setContentType("application/json");
        response.getOutputStream().write(answer.join());
        return null;
    }

    /** Waits for calls that are all driven here. */
    private WaitResult await(String tenant, List<WaitParts.Ref> refs, ReturnWhen when, Duration timeout)
            throws InterruptedException {
        try {
            return awaitHere(tenant, refs, when, timeout);
        } catch (NotHereException e) {
            // Its body was read: it cannot be passed on.
            throw Forwarding.unavailable(String.valueOf(e.getMessage()));
        }
    }

    private WaitResult awaitHere(String tenant, List<WaitParts.Ref> refs, ReturnWhen when, Duration timeout)
            throws InterruptedException {
        List<Waiters.CallRef> calls = new Asked(tenant).calls(refs);
        boolean complete;
        try (Quota.Grant memory = receiveMemory.grant(tenant)) {
            memory.grow((long) calls.size() * Waiters.weight(when));
            complete = when == ReturnWhen.ALWAYS
                    || parked.park(timeout, left -> waiters.await(calls, when, left));
        }
        List<Waiters.CallRef> done = new ArrayList<>();
        List<Waiters.CallRef> notDone = new ArrayList<>();
        for (Waiters.CallRef ref : calls) {
            Lookup.require(ref.callset());
            (ref.callset().state().of(ref.index()).isFinal() ? done : notDone).add(ref);
        }
        return new WaitResult(views(done), views(notDone), complete);
    }

    /** What was asked for; the tree that it was read from is let go. */
    private record Wanted(List<WaitParts.Ref> refs, ReturnWhen when, Duration timeout) {
    }

    private Wanted read(JsonNode body) {
        List<FieldError> errors = new ArrayList<>();
        List<WaitParts.Ref> refs = new ArrayList<>();
        check(body, refs, errors);
        ReturnWhen when = returnWhen(body.get("returnWhen"), errors);
        Duration timeout = timeout(body.get("timeout"), errors);
        if (!errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The request to wait is not valid.", errors);
        }
        return new Wanted(refs, when, timeout);
    }

    private static List<FutureView> views(List<Waiters.CallRef> refs) {
        return new LazyList<>(refs.size(), i -> {
            Waiters.CallRef ref = refs.get(i);
            return FutureView.of(ref.callset(), ref.callset().call(ref.index()));
        });
    }

    private static void check(JsonNode body, List<WaitParts.Ref> refs, List<FieldError> errors) {
        if (!body.isObject()) {
            errors.add(at("", "The body must be a JSON object."));
            return;
        }
        for (String name : body.propertyNames()) {
            if (!FIELDS.contains(name)) {
                errors.add(at(Pointers.to(name), "There is no such field."));
            }
        }
        JsonNode futures = body.get("futures");
        JsonNode sets = body.get("callsets");
        if (futures != null && !futures.isArray()) {
            errors.add(at("/futures", "An array of {callsetId, callId}."));
        } else if (futures != null) {
            for (int i = 0; i < futures.size(); i++) {
                future(futures.get(i), "/futures/" + i, errors).ifPresent(refs::add);
            }
        }
        if (sets != null && !sets.isArray()) {
            errors.add(at("/callsets", "An array of ids of callsets."));
        } else if (sets != null) {
            for (int i = 0; i < sets.size(); i++) {
                callset(sets.get(i), "/callsets/" + i, errors).ifPresent(refs::add);
            }
        }
        JsonNode every = body.get("waitDurSec");
        if (every != null && (!every.isNumber() || every.decimalValue().signum() < 0)) {
            errors.add(at("/waitDurSec", "A number of seconds from 0 on."));
        }
        JsonNode threads = body.get("threadpoolSize");
        if (threads != null && (!threads.isIntegralNumber() || !threads.canConvertToInt() || threads.intValue() < 1
                || threads.intValue() > 1024)) {
            errors.add(at("/threadpoolSize", "A whole number from 1 to 1024."));
        }
    }

    private static ReturnWhen returnWhen(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null) {
            return ReturnWhen.ALL_COMPLETED;
        }
        for (ReturnWhen when : ReturnWhen.values()) {
            if (node.isString() && when.name().equals(node.asString())) {
                return when;
            }
        }
        errors.add(at("/returnWhen", "One of ALL_COMPLETED, ANY_COMPLETED, ALWAYS."));
        return ReturnWhen.ALWAYS;
    }

    private Duration timeout(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null) {
            return parked.longest();
        }
        if (!node.isNumber() || node.decimalValue().signum() < 0) {
            errors.add(at("/timeout", "A number of seconds from 0 on."));
            return Duration.ZERO;
        }
        return parked.cut(node.decimalValue());
    }

    private static FieldError at(String pointer, String detail) {
        return new FieldError(pointer, null, detail);
    }

    private static Optional<WaitParts.Ref> future(JsonNode node, String pointer, List<FieldError> errors) {
        JsonNode callsetId = node.isObject() ? node.get("callsetId") : null;
        JsonNode callId = node.isObject() ? node.get("callId") : null;
        if (callsetId == null || callId == null || !callsetId.isString() || !callId.isString() || node.size() != 2) {
            errors.add(at(pointer, "An object of callsetId and callId, both strings."));
            return Optional.empty();
        }
        return Optional.of(new WaitParts.Ref(callsetId.asString(), callId.asString()));
    }

    private static Optional<WaitParts.Ref> callset(JsonNode node, String pointer, List<FieldError> errors) {
        if (!node.isString()) {
            errors.add(at(pointer, "The id of a callset."));
            return Optional.empty();
        }
        return Optional.of(new WaitParts.Ref(node.asString(), null));
    }

    /** The calls that were asked for, in order. */
    private final class Asked {

        private final String tenant;
        private final Map<String, Callset> found = new HashMap<>();
        private final List<Waiters.CallRef> calls = new ArrayList<>();

        Asked(String tenant) {
            this.tenant = tenant;
        }

        List<Waiters.CallRef> calls(List<WaitParts.Ref> refs) {
            for (WaitParts.Ref ref : refs) {
                Callset callset = found.computeIfAbsent(ref.callsetId(), text -> callsets.get(tenant, text));
                String callId = ref.callId();
                if (callId != null) {
                    add(callset, Lookup.call(callset, callId));
                } else {
                    for (int i = 0; i < callset.size(); i++) {
                        add(callset, i);
                    }
                }
            }
            return calls;
        }

        private void add(Callset callset, int index) {
            if (calls.size() == MAX_FUTURES) {
                throw tooMany();
            }
            calls.add(new Waiters.CallRef(callset, index));
        }
    }

    /** More is asked for than may be. */
    static ProblemException tooMany() {
        return new ProblemException(ProblemType.TOO_LARGE,
                "At most " + MAX_FUTURES + " futures may be waited for at once.").with("limit", MAX_FUTURES);
    }
}
