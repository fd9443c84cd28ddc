package dev.wren.gateway.view;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.ReadLeases;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.Streaming;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** What happens in a callset, as server-sent events. */
@RestController
final class EventsController {

    private static final String LAST = "Last-Event-ID";

    private final Callsets callsets;
    private final ParkedRequests parked;
    private final JsonMapper json;
    private final Ticker ticker;

    EventsController(Callsets callsets, ParkedRequests parked, JsonMapper json, Ticker ticker) {
        this.callsets = callsets;
        this.parked = parked;
        this.json = json;
        this.ticker = ticker;
    }

    @GetMapping(path = "/calls/{callsetId}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    @ApiProblems(value = ProblemType.TOO_MANY, groups = ApiProblems.Group.READS)
    @Operation(operationId = "getEvents", tags = "calls", summary = "What happens, as server-sent events",
            description = "progress (the states), call (a future) for each call that ends, and done (the callset), after which the stream"
                    + " ends. Each has an id; a connection that broke goes on after the last one seen by Last-Event-ID.")
    @ApiResponse(responseCode = "200", description = "Events, from the start or after the last one.",
            content = @Content(mediaType = MediaType.TEXT_EVENT_STREAM_VALUE, schema = @Schema(type = "string")))
    @ApiResponse(responseCode = "204", description = "There is nothing after done: do not come back.",
            content = @Content)
    void events(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @Parameter(description = "false: without the events of calls") @RequestParam(
                    defaultValue = "true") boolean calls,
            @Parameter(description = "id of the last event that was seen") @RequestHeader(name = LAST,
                    required = false) @Nullable String last,
            HttpServletRequest request, HttpServletResponse response) throws IOException, InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        EventStream.Position from = last == null
                ? EventStream.Position.START
                : position(last, callset).orElseThrow(() -> ProblemException.atParameter(ProblemType.INVALID_REQUEST,
                        LAST, "The id of an event of this callset."));
        if (from.isEnd()) {
            response.setStatus(HttpStatus.NO_CONTENT.value());
            return;
        }
        try (ParkedRequests.Place place = parked.enter(); ReadLeases.Lease _ = callsets.reading(callset)) {
            response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE + ";charset=UTF-8");
            response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
            if (!request.getMethod().equals("HEAD")) {
                EventStream events = new EventStream(callset, response, json, calls,
                        parked.heartbeat(), ticker);
                Streaming.write(response, "the events of callset " + callset.id(), () -> events.send(from, place));
            }
        }
    }

    private static Optional<EventStream.Position> position(String id, Callset callset) {
        return EventStream.Position.parse(id).filter(position -> position.isIn(callset));
    }
}
