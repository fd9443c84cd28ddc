package dev.wren.client.cli;

import dev.wren.client.CallResult;
import dev.wren.client.CallState;
import dev.wren.client.ResponseFuture;
import dev.wren.client.WrenExecutor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prints values, one a line, in order, as they come. */
final class Results {

    private final Connection connection;

    Results(Connection connection) {
        this.connection = connection;
    }

    /** What the command comes to. */
    int print(WrenExecutor executor, List<ResponseFuture<JsonNode>> futures) {
        int failed = 0;
        try (Stream<CallResult<JsonNode>> results = executor.streamResults(futures)) {
            for (CallResult<JsonNode> result : (Iterable<CallResult<JsonNode>>) results::iterator) {
                if (result.state() != CallState.SUCCESS) {
                    failed++;
                    connection.err().println(Objects.requireNonNull(result.failure()).getMessage());
                }
                if (connection.isJson()) {
                    connection.out().println(JsonMapper.shared().writeValueAsString(line(result)));
                } else if (result.state() == CallState.SUCCESS) {
                    connection.out().println(result.result());
                }
            }
        }
        return failed == 0 ? 0 : Wren.CALLS_FAILED;
    }

    private static Map<String, @Nullable Object> line(CallResult<JsonNode> result) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("callId", result.callId());
        line.put("state", result.state().name().toLowerCase(Locale.ROOT));
        if (result.state() == CallState.SUCCESS) {
            line.put("result", result.result());
        } else {
            line.put("error", Objects.requireNonNull(result.failure()).getMessage());
        }
        return line;
    }
}
