package dev.wren.gateway.executor;

import dev.wren.gateway.web.Page;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Which executors there are. */
@RestController
final class ExecutorController {

    private final Executors executors;

    ExecutorController(Executors executors) {
        this.executors = executors;
    }

    /** An executor as callers see it. */
    @Schema(name = "Executor")
    record ExecutorView(String name, String kind, boolean ready,
            @Schema(types = {
                    "string", "null"}, description = "why it is not ready") @Nullable String reason,
            @Schema(description = "how it is configured, with no secret") Map<String, Object> settings) {
    }

    @GetMapping(path = "/executors", produces = "application/json")
    @ApiProblems(ProblemType.NOT_ACCEPTABLE)
    @Operation(operationId = "listExecutors", tags = "executors", summary = "The configured executors")
    @ApiResponse(responseCode = "200", description = "All of them.", useReturnTypeSchema = true)
    Page<ExecutorView> list() {
        return new Page<>(executors.all().stream().map(executor -> {
            Executor.Readiness readiness = executor.readiness();
            return new ExecutorView(executor.name(), executor.kind(), readiness.ready(), readiness.reason(),
                    new TreeMap<>(executor.settings()));
        }).toList(), null);
    }
}
