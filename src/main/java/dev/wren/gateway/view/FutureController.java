package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.record.Call;
import dev.wren.gateway.web.Cursor;
import dev.wren.gateway.web.ETags;
import dev.wren.gateway.web.LazyList;
import dev.wren.gateway.web.Page;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallIds;
import dev.wren.protocol.CallState;
import dev.wren.protocol.Report;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Single calls: their futures, results and logs. */
@RestController
final class FutureController {

    private static final Duration NONE = Duration.ZERO;

    private final Callsets callsets;
    private final ParkedRequests parked;
    private final JsonMapper json;

    FutureController(Callsets callsets, ParkedRequests parked, JsonMapper json) {
        this.callsets = callsets;
        this.parked = parked;
        this.json = json;
    }

    @GetMapping(path = "/calls/{callsetId}/futures", produces = "application/json")
    @ApiProblems(groups = ApiProblems.Group.READS)
    @Operation(operationId = "listFutures", tags = "calls", summary = "Futures of a callset, in order")
    @ApiResponse(responseCode = "200", description = "Part of the list.", useReturnTypeSchema = true)
    ResponseEntity<Page<FutureView>> list(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @PathVariable String callsetId,
            @Parameter(description = "only calls in this state", schema = @Schema(allowableValues = {"new", "invoked",
                    "running", "success", "error",
                    "cancelled"})) @RequestParam(required = false) @Nullable String state,
            @Parameter(description = "items, 1 to 1000") @RequestParam(defaultValue = "100") int limit,
            @Parameter(description = "of a next link") @RequestParam(required = false) @Nullable String cursor) {
        Callset callset = callsets.get(tenant, callsetId);
        CallState only = state == null ? null : state(state);
        String list = callset.id() + " " + only;
        String after = Cursor.decode(list, cursor);
        int wanted = Cursor.limit(limit);
        int[] found = new int[wanted];
        int count = 0;
        int next = after == null ? 0 : CallIds.parse(after, callset.size()).orElseThrow(Cursor::invalid) + 1;
        while (next < callset.size() && count < wanted) {
            OptionalInt index = only == null ? OptionalInt.of(next) : callset.state().next(only, next);
            if (index.isEmpty()) {
                next = callset.size();
                break;
            }
            found[count++] = index.getAsInt();
            next = index.getAsInt() + 1;
        }
        boolean more = next < callset.size() && (only == null || callset.state().next(only, next).isPresent());
        return new Page<>(new LazyList<>(count, i -> FutureView.of(callset, callset.call(found[i]))), !more
                ? null
                : "/calls/" + callset.id() + "/futures?limit=" + wanted + (state == null ? "" : "&state=" + state)
                        + "&cursor=" + Cursor.encode(list, callset.callId(found[count - 1])))
                .response();
    }

    private static CallState state(String label) {
        for (CallState state : CallState.values()) {
            if (state.label().equals(label)) {
                return state;
            }
        }
        throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "state",
                "One of new, invoked, running, success, error, cancelled.");
    }

    // Digits alone, so that an unacceptable request for /events is no request for a call.
    @GetMapping(path = "/calls/{callsetId}/{callId:\\d+}", produces = "application/json")
    @ApiProblems(value = ProblemType.TOO_MANY, groups = ApiProblems.Group.READS, tagged = true)
    @Operation(operationId = "getFuture", tags = "calls", summary = "A future, waiting for its end if asked to")
    @ApiResponse(responseCode = "200", description = "Its state.", useReturnTypeSchema = true)
    ResponseEntity<FutureView> get(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @PathVariable String callsetId, @PathVariable String callId,
            @Parameter(description = "seconds to wait first; cut to the longest wait",
                    schema = @Schema(type = "number", minimum = "0")) @RequestParam(
                            required = false) @Nullable String wait,
            @Parameter(description = "wait=S, where the query has no wait") @RequestHeader(name = "Prefer",
                    required = false) @Nullable String prefer)
            throws InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        int index = Lookup.call(callset, callId);
        Duration preferred = wait == null ? parked.preferred(prefer) : null;
        Duration timeout = preferred != null ? preferred : parked.seconds(wait, "wait", NONE);
        parked.park(timeout, left -> callset.state().awaitFinal(index, left));
        Lookup.require(callset);
        ResponseEntity.BodyBuilder answer = ResponseEntity.ok();
        if (preferred != null) {
            answer.header("Preference-Applied", "wait=" + preferred.toSeconds());
        }
        Call call = callset.call(index);
        if (call.state().isFinal()) {
            ETags.tag(answer, callset.id() + "-" + callset.callId(index));
        }
        return answer.body(FutureView.of(callset, call));
    }

    @GetMapping(path = "/calls/{callsetId}/{callId}/result", produces = "application/json")
    @ApiProblems(value = {ProblemType.CALL_CANCELLED, ProblemType.CALL_FAILED,
            ProblemType.TOO_MANY}, groups = ApiProblems.Group.READS, anyJson = true)
    @Operation(operationId = "getResult", tags = "calls", summary = "The value of a call",
            description = "Waits for it. The value itself, as JSON.")
    @ApiResponse(responseCode = "200", description = "The value.",
            content = @Content(mediaType = "application/json", schema = @Schema(description = "any JSON")))
    @ApiResponse(responseCode = "202", description = "Not ended yet: the future.",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = FutureView.class)))
    @ApiResponse(responseCode = "204", description = "Failed, and throwExcept=false.", content = @Content)
    void result(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @PathVariable String callId,
            @Parameter(description = "seconds to wait; the longest wait where it is not given",
                    schema = @Schema(type = "number", minimum = "0")) @RequestParam(
                            required = false) @Nullable String timeout,
            @Parameter(description = "do not wait") @RequestParam(defaultValue = "false") boolean checkOnly,
            @Parameter(description = "answer 424 for a failed call, not 204") @RequestParam(
                    defaultValue = "true") boolean throwExcept,
            HttpServletResponse response) throws InterruptedException, IOException {
        Callset callset = callsets.get(tenant, callsetId);
        int index = Lookup.call(callset, callId);
        Duration wait = parked.seconds(timeout, "timeout", parked.longest());
        parked.park(checkOnly ? NONE : wait, left -> callset.state().awaitFinal(index, left));
        Lookup.require(callset);
        Call call = callset.call(index);
        Report report = call.report();
        switch (call.state()) {
            case NEW, INVOKED, RUNNING -> {
                response.setStatus(HttpStatus.ACCEPTED.value());
                response.setHeader(HttpHeaders.RETRY_AFTER, "1");
                response.setContentType("application/json");
                json.writeValue(response.getOutputStream(), FutureView.of(callset, call));
            }
            case SUCCESS -> {
                response.setContentType("application/json");
                try (InputStream value = callset.value(Objects.requireNonNull(report))) {
                    value.transferTo(response.getOutputStream());
                }
            }
            case ERROR -> {
                if (throwExcept) {
                    throw CallProblems.call(callset, call);
                }
                response.setStatus(HttpStatus.NO_CONTENT.value());
            }
            case CANCELLED -> throw CallProblems.call(callset, call);
        }
    }

    @GetMapping(path = "/calls/{callsetId}/{callId}/logs", produces = "text/plain")
    @ApiProblems(groups = ApiProblems.Group.READS)
    @Operation(operationId = "getLogs", tags = "calls",
            summary = "What the last attempt wrote to standard output and error")
    @ApiResponse(responseCode = "200", description = "The output; empty before it starts.",
            content = @Content(mediaType = "text/plain", schema = @Schema(type = "string")))
    void logs(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @PathVariable String callId, HttpServletResponse response) throws IOException {
        Callset callset = callsets.get(tenant, callsetId);
        int index = Lookup.call(callset, callId);
        response.setContentType("text/plain;charset=UTF-8");
        InputStream live = callset.state().liveOutput(index).orElse(null);
        Report report = live == null ? callset.call(index).report() : null;
        try (InputStream log = live != null
                ? live
                : report != null ? callset.log(report) : InputStream.nullInputStream()) {
            log.transferTo(response.getOutputStream());
        }
    }

    @PostMapping(path = "/calls/{callsetId}/{callId}/cancel", produces = "application/json")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @ApiProblems(groups = ApiProblems.Group.READS)
    @Operation(operationId = "cancelCall", tags = "calls", summary = "Cancel a call that has not ended")
    @ApiResponse(responseCode = "202", description = "The future.", useReturnTypeSchema = true)
    FutureView cancel(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @PathVariable String callId) throws InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        int index = Lookup.call(callset, callId);
        if (!parked.hold(parked.longest(), left -> callset.cancel(index, left))) {
            throw Lookup.notYetCancelled();
        }
        Lookup.require(callset);
        return FutureView.of(callset, callset.call(index));
    }
}
