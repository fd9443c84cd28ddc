package dev.wren.gateway.callset;

import dev.wren.gateway.web.Tenant;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;

/** Accepts maps. */
@RestController
final class MapController {

    /** Futures in the answer to a map. */
    private static final int FIRST = 1000;

    private static final String EXAMPLE = """
            {
              "function": {"jar": "examples", "handler": "dev.wren.examples.WordCount::count"},
              "iterdata": ["to be or not to be", "that is the question"],
              "tags": {"project": "hamlet"}
            }
            """;

    private final Callsets callsets;
    private final MapRequestReader reader;

    MapController(Callsets callsets, MapRequestReader reader) {
        this.callsets = callsets;
        this.reader = reader;
    }

    @PostMapping(path = "/calls", consumes = MediaType.APPLICATION_JSON_VALUE, produces = MediaType.APPLICATION_JSON_VALUE)
    @Operation(operationId = "map", tags = "calls", summary = "Map a function over data", description = "Answers when the callset is durable: it survives a crash of the gateway from then on.", requestBody = @RequestBody(required = true, content = @Content(mediaType = MediaType.APPLICATION_JSON_VALUE, schema = @Schema(implementation = MapRequest.class), examples = @ExampleObject(name = "word count", value = EXAMPLE))))
    @ApiResponse(responseCode = "202", description = "Accepted, and durable.", useReturnTypeSchema = true)
    ResponseEntity<CallsetView> map(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, HttpServletRequest request)
            throws IOException {
        try (Draft draft = callsets.draft(tenant)) {
            MapSettings settings = reader.read(request.getInputStream(), draft);
            Callset callset = draft.submit(settings);
            List<FutureView> futures = IntStream.range(0, Math.min(FIRST, callset.size()))
                    .mapToObj(index -> FutureView.of(callset, callset.call(index)))
                    .toList();
            return ResponseEntity.accepted()
                    .location(URI.create("/calls/" + callset.id()))
                    .body(CallsetView.of(callset, futures));
        }
    }
}
