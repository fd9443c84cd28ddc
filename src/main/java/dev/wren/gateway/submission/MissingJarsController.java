package dev.wren.gateway.submission;

import dev.wren.gateway.callset.ReceiveMemory;
import dev.wren.gateway.jar.Jars;
import dev.wren.gateway.json.JsonParsers;
import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemException.FieldError;
import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.regex.Pattern;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/** What a map's caller would have to upload. */
@RestController
final class MissingJarsController {

    private static final String FIELD = "sha256";
    private static final int MOST = 1000;
    private static final int MAX_BODY = 1 << 18;
    private static final int MAX_ERRORS = 50;
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private final Jars jars;
    private final ReceiveMemory receiveMemory;
    private final JsonParsers parsers = new JsonParsers(16);

    MissingJarsController(Jars jars, ReceiveMemory receiveMemory) {
        this.jars = jars;
        this.receiveMemory = receiveMemory;
    }

    /** A question. */
    @Schema(name = "MissingRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record MissingRequest(
            @ArraySchema(maxItems = MOST,
                    arraySchema = @Schema(requiredMode = Schema.RequiredMode.REQUIRED,
                            description = "contents of jars, lower-case hex"),
                    schema = @Schema(types = "string", pattern = "^[0-9a-f]{64}$",
                            example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")) List<String> sha256) {
    }

    /** What is not here. */
    @Schema(name = "MissingJars")
    record MissingJars(
            @Schema(description = "those of the contents that are not here, in the order asked for") List<String> missing) {
    }

    @PostMapping(path = "/jars/missing", consumes = "application/json", produces = "application/json")
    @ApiProblems({ProblemType.MALFORMED_JSON, ProblemType.NOT_ACCEPTABLE, ProblemType.TOO_LARGE,
            ProblemType.UNSUPPORTED_MEDIA_TYPE, ProblemType.TOO_MANY, ProblemType.UNAVAILABLE})
    @Operation(operationId = "findMissingJars", tags = "jars", summary = "Which contents would have to be uploaded",
            description = "One that is not missing may be removed later, if no callset refers to it: a map says so then.",
            requestBody = @RequestBody(required = true,
                    content = @Content(mediaType = "application/json",
                            schema = @Schema(implementation = MissingRequest.class))))
    @ApiResponse(responseCode = "200", description = "What is not here.", useReturnTypeSchema = true)
    MissingJars missing(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, HttpServletRequest request)
            throws IOException {
        SequencedSet<String> hashes;
        try (Quota.Grant memory = receiveMemory.grant(tenant)) {
            hashes = read(parsers.read(request.getInputStream(), MAX_BODY, memory));
        }
        return new MissingJars(jars.missing(tenant, hashes));
    }

    private static SequencedSet<String> read(JsonNode body) {
        List<FieldError> errors = new ArrayList<>();
        SequencedSet<String> hashes = new LinkedHashSet<>();
        if (!body.isObject()) {
            errors.add(new FieldError("", null, "The body must be a JSON object."));
        } else {
            for (String name : body.propertyNames()) {
                if (!name.equals(FIELD)) {
                    errors.add(new FieldError(Pointers.to(name), null, "There is no such field; there is sha256."));
                }
            }
            JsonNode all = body.get(FIELD);
            if (all == null || !all.isArray()) {
                errors.add(new FieldError("/" + FIELD, null, "An array of contents: 64 hexadecimal digits each."));
            } else if (all.size() > MOST) {
                throw ProblemException.atPointer(ProblemType.TOO_LARGE, "/" + FIELD,
                        "At most " + MOST + " contents at once.").with("limit", MOST);
            } else {
                read(all, hashes, errors);
            }
        }
        if (!errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The question is not valid.",
                    errors.subList(0, Math.min(errors.size(), MAX_ERRORS)));
        }
        return hashes;
    }

    private static void read(JsonNode all, SequencedSet<String> hashes, List<FieldError> errors) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).isString() && HASH.matcher(all.get(i).asString()).matches()) {
                hashes.add(all.get(i).asString());
            } else {
                errors.add(new FieldError("/" + FIELD + "/" + i, null, "64 lower-case hexadecimal digits."));
            }
        }
    }
}
