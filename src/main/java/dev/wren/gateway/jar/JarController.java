package dev.wren.gateway.jar;

import dev.wren.gateway.web.Cursor;
import dev.wren.gateway.web.ETags;
import dev.wren.gateway.web.Page;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Jars: uploads, lists, forgets. */
@RestController
final class JarController {

    private static final String LIST = "jars";
    private static final String JAR = "application/java-archive";
    private static final String BYTES = "application/octet-stream";

    private final Jars jars;

    JarController(Jars jars) {
        this.jars = jars;
    }

    /** A jar as callers see it. */
    @Schema(name = "Jar")
    record JarView(String name, @Schema(description = "of the content, lower-case hex") String sha256,
            @Schema(description = "bytes") long size,
            @Schema(description = "when the name got this content") Instant createdAt) {

        static JarView of(JarInfo jar) {
            return new JarView(jar.name(), jar.sha256(), jar.size(), jar.createdAt());
        }
    }

    @PutMapping(path = "/jars/{name}", consumes = {JAR, BYTES}, produces = "application/json")
    @ApiProblems({ProblemType.NOT_ACCEPTABLE, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE,
            ProblemType.INVALID_JAR, ProblemType.TOO_MANY, ProblemType.UNAVAILABLE})
    @Operation(operationId = "putJar", tags = "jars", summary = "Upload a jar",
            requestBody = @RequestBody(required = true, description = "The jar's bytes.", content = {
                    @Content(mediaType = BYTES, schema = @Schema(type = "string", format = "binary")),
                    @Content(mediaType = JAR, schema = @Schema(type = "string", format = "binary"))}))
    @ApiResponse(responseCode = "201", description = "The name has this content from now on.",
            useReturnTypeSchema = true)
    @ApiResponse(responseCode = "200", description = "The name had this content already.", useReturnTypeSchema = true)
    ResponseEntity<JarView> put(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String name,
            HttpServletRequest request) throws IOException {
        Jars.PutResult put = jars.put(tenant, name, request.getInputStream());
        return ResponseEntity.status(put.created() ? HttpStatus.CREATED : HttpStatus.OK).body(JarView.of(put.jar()));
    }

    /** A content without a name, as callers see it. */
    @Schema(name = "JarContent")
    record ContentView(@Schema(description = "of the content, lower-case hex") String sha256,
            @Schema(description = "bytes") long size) {
    }

    @PutMapping(path = "/jars/sha256:{sha256:[0-9a-f]{64}}", consumes = {JAR, BYTES}, produces = "application/json")
    @ApiProblems({ProblemType.NOT_ACCEPTABLE, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE,
            ProblemType.INVALID_JAR, ProblemType.TOO_MANY, ProblemType.UNAVAILABLE})
    @Operation(operationId = "putJarContent", tags = "jars", summary = "Upload a jar that needs no name",
            description = "Maps refer to it as sha256:<hex>. It is removed when no callset has referred to it for a while.",
            requestBody = @RequestBody(required = true, description = "The jar's bytes, of that hash.", content = {
                    @Content(mediaType = BYTES, schema = @Schema(type = "string", format = "binary")),
                    @Content(mediaType = JAR, schema = @Schema(type = "string", format = "binary"))}))
    @ApiResponse(responseCode = "200", description = "The content is there.", useReturnTypeSchema = true)
    ContentView putContent(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @Parameter(description = "SHA-256 of the body, lower-case hex",
                    schema = @Schema(types = "string", pattern = "^[0-9a-f]{64}$")) @PathVariable String sha256,
            HttpServletRequest request) throws IOException {
        return new ContentView(sha256, jars.putContent(tenant, sha256, request.getInputStream()));
    }

    @GetMapping(path = "/jars", produces = "application/json")
    @ApiProblems({ProblemType.NOT_ACCEPTABLE, ProblemType.UNAVAILABLE})
    @Operation(operationId = "listJars", tags = "jars", summary = "Jars, by name")
    @ApiResponse(responseCode = "200", description = "Part of the list.", useReturnTypeSchema = true)
    ResponseEntity<Page<JarView>> list(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @Parameter(description = "items, 1 to 1000") @RequestParam(defaultValue = "100") int limit,
            @Parameter(description = "of a next link") @RequestParam(required = false) @Nullable String cursor) {
        int wanted = Cursor.limit(limit);
        List<JarView> found = jars.list(tenant, Cursor.decode(LIST, cursor), wanted + 1)
                .stream()
                .map(JarView::of)
                .toList();
        List<JarView> shown = found.subList(0, Math.min(wanted, found.size()));
        return new Page<>(shown, found.size() <= wanted
                ? null
                : "/jars?limit=" + wanted + "&cursor=" + Cursor.encode(LIST, shown.getLast().name())).response();
    }

    @GetMapping(path = "/jars/{name}", produces = "application/json")
    @ApiProblems(groups = ApiProblems.Group.READS, tagged = true)
    @Operation(operationId = "getJar", tags = "jars", summary = "What a name refers to")
    @ApiResponse(responseCode = "200", description = "The jar.", useReturnTypeSchema = true)
    ResponseEntity<JarView> get(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String name) {
        JarInfo jar = jars.get(tenant, name);
        return ETags.tag(ResponseEntity.ok(), jar.sha256() + "-" + jar.createdAt().toEpochMilli())
                .body(JarView.of(jar));
    }

    @DeleteMapping("/jars/{name}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @ApiProblems({ProblemType.NOT_FOUND, ProblemType.UNAVAILABLE})
    @Operation(operationId = "deleteJar", tags = "jars", summary = "Forget a name",
            description = "Callsets keep the content that they were submitted with.")
    @ApiResponse(responseCode = "204", description = "Forgotten.")
    void delete(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String name) {
        jars.delete(tenant, name);
    }
}
