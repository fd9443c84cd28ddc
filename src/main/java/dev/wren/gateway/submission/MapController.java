package dev.wren.gateway.submission;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.callset.ReadLeases;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.record.Data;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.record.Origins;
import dev.wren.gateway.view.CallsetView;
import dev.wren.gateway.view.FutureView;
import dev.wren.gateway.web.LazyList;
import dev.wren.gateway.web.Ndjson;
import dev.wren.gateway.web.OpenQuery;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** Accepts maps, and what is made of maps: redrives and reduces. */
@RestController
final class MapController {

    private static final String JSON = MediaType.APPLICATION_JSON_VALUE;
    private static final String KEY = "Idempotency-Key";
    private static final String KEY_MEANS = "Kept for 24 hours: the same key with the same request gives the same"
            + " callset.";
    private static final String AGAIN = "The callset of an earlier request with the same Idempotency-Key.";
    /** Futures in the answer to a map. */
    private static final int FIRST = 1000;
    /** Bytes of a request to reduce. */
    private static final int MAX_REDUCE = 1 << 16;
    /** Data copied at once for a redrive, and bytes of them. */
    private static final int COPIED = 4096;
    private static final int COPIED_BYTES = 1 << 20;

    private final Callsets callsets;
    private final Submissions submissions;
    private final MapRequestReader bodies;
    private final NdjsonReader lines;
    private final SourceReader sources;
    private final JsonParsers parsers = new JsonParsers(16);

    MapController(Callsets callsets, Submissions submissions, MapRequestReader bodies, NdjsonReader lines,
            SourceReader sources) {
        this.callsets = callsets;
        this.submissions = submissions;
        this.bodies = bodies;
        this.lines = lines;
        this.sources = sources;
    }

    /** What a reduce says. */
    @Schema(name = "ReduceRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record ReduceRequest(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED) MapRequest.FunctionRequest function) {
    }

    @PostMapping(path = "/calls", consumes = JSON, produces = JSON)
    @ApiProblems(value = {ProblemType.MALFORMED_JSON, ProblemType.BUCKET_NOT_ALLOWED, ProblemType.TOO_LARGE,
            ProblemType.UNSUPPORTED_MEDIA_TYPE, ProblemType.INVALID_FUNCTION, ProblemType.SOURCE_CHANGED,
            ProblemType.MAP_ITEM_LIMIT}, groups = ApiProblems.Group.SUBMITS)
    @Operation(operationId = "map", tags = "calls", summary = "Map a function over data",
            description = "Answers when the callset is durable: it survives a crash of the gateway from then on. As application/x-ndjson"
                    + " the body is one datum a line, and all other fields are query parameters.",
            requestBody = @RequestBody(required = true, content = {
                    @Content(mediaType = JSON, schema = @Schema(implementation = MapRequest.class)),
                    @Content(mediaType = Ndjson.TYPE, schema = @Schema(type = "string",
                            description = "one datum a line; application/jsonl and application/x-jsonlines mean the same"))}))
    @ApiResponse(responseCode = "200", description = AGAIN, useReturnTypeSchema = true)
    @ApiResponse(responseCode = "202", description = "Accepted, and durable.", useReturnTypeSchema = true)
    ResponseEntity<CallsetView> map(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @Parameter(description = KEY_MEANS) @RequestHeader(name = KEY, required = false) @Nullable String key,
            HttpServletRequest request) throws IOException {
        return answer(submissions.accept(request(tenant, key, null, request), (body, draft) -> {
            MapRequestReader.Body map = bodies.read(body, draft, draft.memory());
            map.source().ifPresent(sources::require);
            draft.prepare(map.settings());
            if (map.source().isPresent()) {
                sources.read(map.source().get(), draft, draft.memory());
            }
        }));
    }

    @OpenQuery
    @PostMapping(path = "/calls", consumes = {Ndjson.TYPE, Ndjson.JSONL, Ndjson.JSON_LINES}, produces = JSON)
    @Operation(hidden = true)
    ResponseEntity<CallsetView> mapLines(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @RequestHeader(name = KEY, required = false) @Nullable String key, HttpServletRequest request)
            throws IOException {
        MapSettings settings = MapParameters.settings(request.getParameterMap());
        return answer(submissions.accept(request(tenant, key, null, request), (body, draft) -> {
            try {
                draft.prepare(settings);
            } catch (ProblemException e) {
                throw MapFields.inQuery(e);
            }
            lines.read(body, draft, draft.memory());
        }));
    }

    @PostMapping(path = "/calls/{callsetId}/redrive", produces = JSON)
    @ApiProblems(value = {ProblemType.NOT_FOUND, ProblemType.NOT_DONE}, groups = ApiProblems.Group.SUBMITS)
    @Operation(operationId = "redrive", tags = "calls", summary = "Run the failed and cancelled calls again",
            description = "A new callset of the calls that ended in error or cancelled, in order, with the same settings and the same"
                    + " jar's content.")
    @ApiResponse(responseCode = "200", description = AGAIN, useReturnTypeSchema = true)
    @ApiResponse(responseCode = "202", description = "Accepted, and durable.", useReturnTypeSchema = true)
    ResponseEntity<CallsetView> redrive(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @PathVariable String callsetId,
            @Parameter(description = KEY_MEANS) @RequestHeader(name = KEY, required = false) @Nullable String key,
            HttpServletRequest request) throws IOException {
        Callset of = callsets.get(tenant, callsetId);
        try (ReadLeases.Lease _ = callsets.reading(of)) {
            return answer(submissions.accept(request(tenant, key, of.id(), request), (_, draft) -> {
                if (!of.isDone()) {
                    throw new ProblemException(ProblemType.NOT_DONE,
                            "The callset " + of.id() + " is not done; what has failed in it is known then.");
                }
                draft.prepareRedrive(of);
                Origins failed = of.state().failed();
                draft.origins(failed);
                if (of.reduceOf() == null) {
                    copy(of, failed, draft);
                } else if (failed.size() > 0) {
                    draft.addLater();
                }
            }));
        }
    }

    private static void copy(Callset of, Origins origins, Draft draft) throws IOException {
        int[] runs = origins.runs();
        for (int run = 0; run < runs.length; run += 2) {
            for (int call = runs[run]; call < runs[run + 1];) {
                Optional<Data.Place> large = of.data().large(call, COPIED_BYTES);
                if (large.isPresent()) {
                    copy(of.data(), large.get(), draft);
                    call++;
                    continue;
                }
                List<byte[]> data = of.read(call, Math.min(COPIED, runs[run + 1] - call), COPIED_BYTES);
                for (byte[] datum : data) {
                    draft.add(datum, 0, datum.length);
                }
                call += data.size();
            }
        }
    }

    private static void copy(Data data, Data.Place large, Draft draft) throws IOException {
        int from = 0;
        for (; large.length() - from > COPIED_BYTES; from += COPIED_BYTES) {
            draft.part(data.part(large, from, COPIED_BYTES), 0, COPIED_BYTES);
        }
        draft.add(data.part(large, from, large.length() - from), 0, large.length() - from);
    }

    @PostMapping(path = "/calls/{callsetId}/reduce", consumes = JSON, produces = JSON)
    @ApiProblems(value = {ProblemType.MALFORMED_JSON, ProblemType.BUCKET_NOT_ALLOWED, ProblemType.NOT_FOUND,
            ProblemType.SOURCE_CHANGED, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE,
            ProblemType.INVALID_FUNCTION}, groups = ApiProblems.Group.SUBMITS)
    @Operation(operationId = "reduce", tags = "calls", summary = "Apply a function to all values at once",
            description = "A new callset of one call, whose datum is the array of values; it runs once all calls have succeeded, and ends"
                    + " in error without running if one does not.",
            requestBody = @RequestBody(required = true,
                    content = @Content(mediaType = JSON, schema = @Schema(implementation = ReduceRequest.class))))
    @ApiResponse(responseCode = "200", description = AGAIN, useReturnTypeSchema = true)
    @ApiResponse(responseCode = "202", description = "Accepted, and durable.", useReturnTypeSchema = true)
    ResponseEntity<CallsetView> reduce(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @PathVariable String callsetId,
            @Parameter(description = KEY_MEANS) @RequestHeader(name = KEY, required = false) @Nullable String key,
            HttpServletRequest request) throws IOException {
        Callset of = callsets.get(tenant, callsetId);
        try (ReadLeases.Lease _ = callsets.reading(of)) {
            return answer(submissions.accept(request(tenant, key, of.id(), request), (body, draft) -> {
                JsonNode read = parsers.read(body, MAX_REDUCE, draft.memory());
                draft.prepareReduce(of, MapFields.reduce(read, of.settings()));
                draft.addLater();
            }));
        }
    }

    private static Submissions.Request request(String tenant, @Nullable String key, @Nullable CallsetId near,
            HttpServletRequest request)
            throws IOException {
        String query = request.getQueryString();
        return new Submissions.Request(tenant, request.getRequestURI() + (query == null ? "" : "?" + query) + " "
                + request.getContentType(), key, near, request.getInputStream());
    }

    private static ResponseEntity<CallsetView> answer(Submissions.Accepted accepted) {
        Callset callset = accepted.callset();
        List<FutureView> futures = new LazyList<>(Math.min(FIRST, callset.size()),
                index -> FutureView.of(callset, callset.call(index)));
        return ResponseEntity.status(accepted.created() ? HttpStatus.ACCEPTED : HttpStatus.OK)
                .location(URI.create("/calls/" + callset.id()))
                .body(CallsetView.of(callset, futures));
    }
}
