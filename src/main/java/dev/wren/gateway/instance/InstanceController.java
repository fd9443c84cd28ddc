package dev.wren.gateway.instance;

import dev.wren.gateway.callset.ReceiveMemory;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Executors;
import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.InstancePool.Launch;
import dev.wren.gateway.executor.InstancePool.State;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.web.Cursor;
import dev.wren.gateway.web.Page;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.Sha256;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** Machines of pools: launches, lists, ends. */
@RestController
final class InstanceController {

    private static final int MAX_BODY = 64 << 10;
    private static final Comparator<InstanceView> ORDER = Comparator.comparing(InstanceView::executor)
            .thenComparing(InstanceView::launchedAt).thenComparing(InstanceView::id);

    private final Executors executors;
    private final LaunchKeys keys;
    private final ReceiveMemory receiveMemory;
    private final HeldShards shards;
    private final JsonParsers parsers = new JsonParsers(16);

    InstanceController(Executors executors, LaunchKeys keys, ReceiveMemory receiveMemory, HeldShards shards) {
        this.executors = executors;
        this.keys = keys;
        this.receiveMemory = receiveMemory;
        this.shards = shards;
    }

    /**
     * One gateway alone looks after the pools, and knows what their machines are at.
     *
     * @throws dev.wren.gateway.shard.NotHereException if that is another
     */
    private void requireHere() {
        if (executors.all().stream().anyMatch(each -> each.pool().isPresent())) {
            shards.require(HeldShards.COMMON);
        }
    }

    /** Machines. */
    @Schema(name = "Instances")
    record Instances(List<InstanceView> items) {
    }

    @PostMapping(path = "/instances", consumes = "application/json", produces = "application/json")
    @ApiProblems({ProblemType.MALFORMED_JSON, ProblemType.NOT_ALLOWED, ProblemType.NOT_ACCEPTABLE,
            ProblemType.EXECUTOR_NOT_READY, ProblemType.IN_PROGRESS, ProblemType.TOO_LARGE,
            ProblemType.UNSUPPORTED_MEDIA_TYPE, ProblemType.IDEMPOTENCY_KEY_REUSED, ProblemType.TOO_MANY,
            ProblemType.UNAVAILABLE, ProblemType.EC2_REFUSED})
    @Operation(operationId = "launchInstances", tags = "instances", summary = "Launch machines of EC2",
            description = "All of them, or none.",
            requestBody = @RequestBody(required = true,
                    content = @Content(mediaType = "application/json",
                            schema = @Schema(implementation = LaunchReader.LaunchRequest.class))))
    @ApiResponse(responseCode = "202", description = "They are launched.", useReturnTypeSchema = true)
    @ApiResponse(responseCode = "200", description = "They were launched by an earlier request with this key.",
            useReturnTypeSchema = true)
    ResponseEntity<Instances> launch(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @Parameter(
                    description = "whose pool; default: the default executor, if it is a pool, or the only one") @RequestParam(
                            required = false) @Nullable String executor,
            @Parameter(
                    description = "the same key with the same body launches nothing again, for a day") @RequestHeader(
                            name = "Idempotency-Key", required = false) @Nullable String key,
            HttpServletRequest request) throws IOException {
        requireHere();
        JsonNode body;
        try (Quota.Grant memory = receiveMemory.grant(tenant)) {
            body = parsers.read(request.getInputStream(), MAX_BODY, memory);
        }
        Launch launch = LaunchReader.read(body, UUID.randomUUID().toString());
        Executor of = pool(executor);
        if (key == null) {
            return answer(HttpStatus.ACCEPTED,
                    launch(of, launch).stream().map(each -> InstanceView.of(of.name(), each)).toList());
        }
        LaunchKeys.Result result = keys.once(tenant, key, Sha256.hex(of.name() + "\n" + body), of.name(),
                token -> launch(of, launch.with(token)).stream().map(InstancePool.Instance::id).toList());
        return answer(result.isNew() ? HttpStatus.ACCEPTED : HttpStatus.OK,
                all(null).filter(each -> each.executor().equals(result.done().executor())
                        && result.done().ids().contains(each.id())).toList());
    }

    private static ResponseEntity<Instances> answer(HttpStatus status, List<InstanceView> items) {
        return ResponseEntity.status(status).body(new Instances(items));
    }

    private static List<InstancePool.Instance> launch(Executor executor, Launch launch) {
        return refusals(() -> executor.pool().orElseThrow().launch(launch));
    }

    /** What a pool does, with its refusals as callers see them. */
    private static <T> T refusals(Supplier<T> action) {
        try {
            return action.get();
        } catch (InstancePool.RefusedException e) {
            throw new ProblemException(ProblemType.EC2_REFUSED, String.valueOf(e.getMessage())).with("code", e.code());
        } catch (InstancePool.NotAllowedException e) {
            throw new ProblemException(ProblemType.NOT_ALLOWED, String.valueOf(e.getMessage()));
        } catch (InstancePool.WrongLaunchException e) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "/" + e.field(),
                    String.valueOf(e.getMessage()));
        }
    }

    /** The executor whose pool is meant, and that can launch. */
    private Executor pool(@Nullable String name) {
        Map<String, Executor> pools = new TreeMap<>();
        executors.all().stream().filter(each -> each.pool().isPresent()).forEach(each -> pools.put(each.name(), each));
        Executor found;
        if (name != null) {
            found = pools.get(name);
            if (found == null) {
                throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "executor",
                        pools.isEmpty()
                                ? "There is no executor with a pool of machines."
                                : "One with a pool of machines: " + String.join(", ", pools.keySet()) + ".");
            }
        } else if (pools.isEmpty()) {
            throw new ProblemException(ProblemType.EXECUTOR_NOT_READY,
                    "No standalone executor is configured: it is there once a setting of wren.executors.standalone is.");
        } else if (pools.containsKey(executors.defaultName())) {
            found = pools.get(executors.defaultName());
        } else if (pools.size() == 1) {
            found = pools.values().iterator().next();
        } else {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "executor",
                    "There are several pools of machines: " + String.join(", ", pools.keySet()) + ".");
        }
        Executor.Readiness readiness = found.readiness();
        if (!readiness.ready()) {
            throw new ProblemException(ProblemType.EXECUTOR_NOT_READY,
                    "The executor " + found.name() + " is not ready: " + readiness.reason());
        }
        return found;
    }

    private Stream<InstanceView> all(@Nullable State state) {
        return executors.all().stream().flatMap(executor -> executor.pool().stream()
                .flatMap(pool -> refusals(pool::instances).stream())
                .filter(each -> state == null || each.state() == state)
                .map(each -> InstanceView.of(executor.name(), each))).sorted(ORDER);
    }

    @GetMapping(path = "/instances", produces = "application/json")
    @ApiProblems(ProblemType.NOT_ACCEPTABLE)
    @Operation(operationId = "listInstances", tags = "instances", summary = "Machines, by executor, the oldest first")
    @ApiResponse(responseCode = "200", description = "Part of the list.", useReturnTypeSchema = true)
    ResponseEntity<Page<InstanceView>> list(
            @Parameter(description = "only those", schema = @Schema(allowableValues = {"pending", "running",
                    "draining", "silent", "terminated"})) @RequestParam(required = false) @Nullable String state,
            @Parameter(description = "items, 1 to 1000") @RequestParam(defaultValue = "100") int limit,
            @Parameter(description = "of a next link") @RequestParam(required = false) @Nullable String cursor) {
        requireHere();
        int wanted = Cursor.limit(limit);
        String filter = "instances" + (state == null ? "" : "?" + state);
        String after = Cursor.decode(filter, cursor);
        List<InstanceView> found = all(state(state))
                .filter(each -> after == null || place(each).compareTo(after) > 0)
                .limit(wanted + 1L).toList();
        List<InstanceView> shown = found.subList(0, Math.min(wanted, found.size()));
        return new Page<>(shown, found.size() <= wanted
                ? null
                : "/instances?" + (state == null ? "" : "state=" + state + "&") + "limit=" + wanted + "&cursor="
                        + Cursor.encode(filter, place(shown.getLast())))
                .response();
    }

    /** In the list's order, as text. */
    private static String place(InstanceView instance) {
        return instance.executor() + "\u0000" + String.format("%020d", instance.launchedAt().toEpochMilli()) + "\u0000"
                + instance.id();
    }

    private static @Nullable State state(@Nullable String text) {
        if (text == null) {
            return null;
        }
        List<String> known = new ArrayList<>();
        for (State state : State.values()) {
            if (InstanceView.label(state).equals(text)) {
                return state;
            }
            known.add(InstanceView.label(state));
        }
        throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "state",
                "One of " + String.join(", ", known) + ".");
    }

    @GetMapping(path = "/instances/{id}", produces = "application/json")
    @ApiProblems({ProblemType.NOT_FOUND, ProblemType.NOT_ACCEPTABLE})
    @Operation(operationId = "getInstance", tags = "instances", summary = "One machine")
    @ApiResponse(responseCode = "200", description = "The machine.", useReturnTypeSchema = true)
    InstanceView get(@PathVariable String id) {
        requireHere();
        return all(null).filter(each -> each.id().equals(id)).findFirst()
                .orElseThrow(InstanceController::unknown);
    }

    private static ProblemException unknown() {
        return new ProblemException(ProblemType.NOT_FOUND, "There is no such machine.");
    }

    @DeleteMapping(path = "/instances/{id}", produces = "application/json")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @ApiProblems({ProblemType.NOT_ALLOWED, ProblemType.NOT_FOUND, ProblemType.NOT_ACCEPTABLE, ProblemType.UNAVAILABLE,
            ProblemType.EC2_REFUSED})
    @Operation(operationId = "endInstance", tags = "instances", summary = "End a machine",
            description = "It takes no more calls; those that it has are run to their end or go back to the queue; then it is gone.")
    @ApiResponse(responseCode = "202", description = "It is about to end, or has ended.", useReturnTypeSchema = true)
    InstanceView end(@PathVariable String id) {
        requireHere();
        for (Executor executor : executors.all()) {
            Optional<InstancePool.Instance> ended = executor.pool()
                    .flatMap(pool -> refusals(() -> pool.drain(id)));
            if (ended.isPresent()) {
                return InstanceView.of(executor.name(), ended.get());
            }
        }
        throw unknown();
    }

    @DeleteMapping(path = "/instances", produces = "application/json")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @ApiProblems({ProblemType.NOT_ACCEPTABLE, ProblemType.UNAVAILABLE, ProblemType.EC2_REFUSED})
    @Operation(operationId = "endInstances", tags = "instances", summary = "End all machines that were launched")
    @ApiResponse(responseCode = "202", description = "They are about to end.", useReturnTypeSchema = true)
    Instances endAll(
            @Parameter(description = "whose; default: of all executors") @RequestParam(
                    required = false) @Nullable String executor) {
        requireHere();
        if (executor != null && executors.find(executor).flatMap(Executor::pool).isEmpty()) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "executor",
                    "There is no executor of this name with a pool of machines.");
        }
        return new Instances(executors.all().stream().filter(each -> executor == null || each.name().equals(executor))
                .flatMap(each -> each.pool().stream().flatMap(pool -> refusals(pool::drainAll).stream())
                        .map(instance -> InstanceView.of(each.name(), instance)))
                .sorted(ORDER).toList());
    }
}
