package dev.wren.gateway.view;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.Deadline;
import dev.wren.gateway.callset.ReadLeases;
import dev.wren.gateway.record.Call;
import dev.wren.gateway.web.Ndjson;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.Streaming;
import dev.wren.protocol.CallState;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** The values of all calls, in order. */
@RestController
final class ResultsController {

    private static final int BUFFER = 1 << 16;

    private final Callsets callsets;
    private final ParkedRequests parked;
    private final JsonMapper json;
    private final Ticker ticker;

    ResultsController(Callsets callsets, ParkedRequests parked, JsonMapper json, Ticker ticker) {
        this.callsets = callsets;
        this.parked = parked;
        this.json = json;
        this.ticker = ticker;
    }

    @GetMapping(path = "/calls/{callsetId}/results", produces = "application/json")
    @ApiProblems(value = {ProblemType.CALL_CANCELLED, ProblemType.CALL_FAILED,
            ProblemType.TOO_MANY}, groups = ApiProblems.Group.READS)
    @Operation(operationId = "getResults", tags = "calls", summary = "The values of all calls, in order",
            description = "As JSON one array, when all have ended; the first failure in order decides. As"
                    + " application/x-ndjson one line a call, as they become available in order.")
    @ApiResponse(responseCode = "200", description = "All values.", content = {
            @Content(mediaType = "application/json", schema = @Schema(type = "array", description = "the values")),
            @Content(mediaType = Ndjson.TYPE,
                    schema = @Schema(type = "string", description = "lines of {callId, state, result|error}"))})
    @ApiResponse(responseCode = "202", description = "Not done yet: the callset.",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = CallsetView.class)))
    void array(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @Parameter(description = "seconds to wait; the longest wait where it is not given",
                    schema = @Schema(type = "number", minimum = "0")) @RequestParam(
                            required = false) @Nullable String timeout,
            @Parameter(description = "do not wait") @RequestParam(defaultValue = "false") boolean checkOnly,
            @Parameter(description = "answer 424 for the first failed call, not null in its place") @RequestParam(
                    defaultValue = "true") boolean throwExcept,
            HttpServletResponse response)
            throws IOException, InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        Duration wait = parked.seconds(timeout, "timeout", parked.longest());
        Prefix prefix = new Prefix(callset, throwExcept);
        parked.park(checkOnly ? Duration.ZERO : wait, left -> callset.state().awaitChange(prefix::isDecided, left));
        Lookup.require(callset);
        if (!prefix.isDecided()) {
            response.setStatus(HttpStatus.ACCEPTED.value());
            response.setHeader(HttpHeaders.RETRY_AFTER, "1");
            response.setContentType("application/json");
            json.writeValue(response.getOutputStream(), CallsetView.of(callset));
            return;
        }
        OptionalInt failed = prefix.failed();
        if (failed.isPresent()) {
            throw CallProblems.call(callset, callset.call(failed.getAsInt()));
        }
        try (ReadLeases.Lease _ = callsets.reading(callset)) {
            Streaming.write(response, "the results of callset " + callset.id(), () -> array(callset, response));
        }
    }

    private static void array(Callset callset, HttpServletResponse response) throws IOException {
        response.setContentType("application/json");
        OutputStream out = new BufferedOutputStream(response.getOutputStream(), BUFFER);
        out.write('[');
        for (int index = 0; index < callset.size(); index++) {
            if (index > 0) {
                out.write(',');
            }
            Call call = callset.call(index);
            if (call.state() == CallState.SUCCESS) {
                try (InputStream value = callset.value(Objects.requireNonNull(call.report()))) {
                    value.transferTo(out);
                }
            } else {
                out.write("null".getBytes(StandardCharsets.UTF_8));
            }
        }
        out.write(']');
        out.flush();
    }

    /** How far the calls are known, in order. Looked at after each commit, so it goes on from where it was. */
    private static final class Prefix {

        private final Callset callset;
        private final boolean failureDecides;
        private int known;
        private OptionalInt failed = OptionalInt.empty();

        Prefix(Callset callset, boolean failureDecides) {
            this.callset = callset;
            this.failureDecides = failureDecides;
        }

        synchronized boolean isDecided() {
            while (failed.isEmpty() && known < callset.size()) {
                CallState state = callset.state().of(known);
                if (!state.isFinal()) {
                    return false;
                }
                if (state != CallState.SUCCESS && failureDecides) {
                    failed = OptionalInt.of(known);
                }
                known++;
            }
            return true;
        }

        synchronized OptionalInt failed() {
            return failed;
        }
    }

    @GetMapping(path = "/calls/{callsetId}/results", produces = {Ndjson.TYPE, Ndjson.JSONL, Ndjson.JSON_LINES})
    @Operation(hidden = true)
    void lines(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @RequestParam(required = false) @Nullable String timeout,
            @RequestParam(defaultValue = "false") boolean checkOnly,
            @RequestParam(defaultValue = "true") boolean throwExcept, HttpServletRequest request,
            HttpServletResponse response) throws IOException, InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        Duration wait = checkOnly ? Duration.ZERO : parked.seconds(timeout, "timeout", parked.longest());
        Deadline deadline = Deadline.in(wait, ticker);
        response.setContentType(Ndjson.answer(request.getHeader(HttpHeaders.ACCEPT)));
        if (request.getMethod().equals("HEAD")) {
            return;
        }
        try (ReadLeases.Lease _ = callsets.reading(callset); LatePlace place = new LatePlace()) {
            Streaming.write(response, "the results of callset " + callset.id(),
                    () -> lines(callset, timeout == null && !checkOnly ? null : deadline, place, response));
        }
    }

    /** Room to wait, taken at the first wait, and kept to the end: a stream is not cut when others come to wait. */
    private final class LatePlace implements AutoCloseable {

        private ParkedRequests.@Nullable Place taken;

        ParkedRequests.Place take() {
            ParkedRequests.Place place = taken;
            if (place == null) {
                place = parked.enter();
                taken = place;
            }
            return place;
        }

        @Override
        public void close() {
            if (taken != null) {
                taken.close();
            }
        }
    }

    /** Writes the lines; what has not ended at the deadline is told of as it is then. */
    private void lines(Callset callset, @Nullable Deadline deadline, LatePlace place, HttpServletResponse response)
            throws IOException, InterruptedException {
        OutputStream out = new BufferedOutputStream(response.getOutputStream(), BUFFER);
        for (int index = 0; index < callset.size(); index++) {
            if (!callset.state().of(index).isFinal()) {
                // Whatever is ready goes out before anybody waits.
                out.flush();
                response.flushBuffer();
                int waitedFor = index;
                Duration left = deadline == null
                        ? Duration.ofDays(1)
                        : deadline.left();
                boolean ended = left.isZero()
                        ? callset.state().awaitFinal(waitedFor, left)
                        : place.take().await(left, until -> callset.state().awaitFinal(waitedFor, until));
                if (!ended && deadline == null) {
                    // The gateway is shutting down: the caller must see that there is no more, not an end.
                    throw Streaming.cutOff("the results of callset " + callset.id());
                }
            }
            Lookup.require(callset);
            CallLines.write(out, callset, callset.call(index), json);
        }
        out.flush();
    }
}
