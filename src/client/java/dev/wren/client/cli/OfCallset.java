package dev.wren.client.cli;

import dev.wren.client.CallState;
import dev.wren.client.CallsetInfo;
import dev.wren.client.ResponseFuture;
import dev.wren.client.WrenExecutor;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** A command about one callset. */
abstract class OfCallset implements Callable<Integer> {

    @Mixin
    private final Connection connection = new Connection();

    @Parameters(index = "0", paramLabel = "CALLSET", description = "Id of a callset.")
    private String callset = "";

    Connection connection() {
        return connection;
    }

    String callset() {
        return callset;
    }

    @Override
    public final Integer call() throws TimeoutException {
        try (WrenExecutor executor = connection.executor(null)) {
            return run(executor);
        }
    }

    /** Runs it; its exit code. */
    abstract int run(WrenExecutor executor) throws TimeoutException;

    List<ResponseFuture<JsonNode>> futures(WrenExecutor executor) {
        return executor.futures(callset, JsonNode.class);
    }

    /**
     * A call of the callset.
     *
     * @throws IllegalArgumentException if there is none of that id
     */
    ResponseFuture<JsonNode> future(WrenExecutor executor, String callId) {
        List<ResponseFuture<JsonNode>> futures = futures(executor);
        if (callId.matches("\\d{1,9}") && Integer.parseInt(callId) < futures.size()
                && futures.get(Integer.parseInt(callId)).callId().equals(callId)) {
            return futures.get(Integer.parseInt(callId));
        }
        throw new IllegalArgumentException("There is no call " + callId + " of the callset " + callset + ".");
    }

    /** Prints callsets. */
    static void print(Connection connection, List<CallsetInfo> callsets) {
        Table table = connection.table("callsetId", "handler", "executor", "size", "success", "error", "cancelled",
                "done", "createdAt", "doneAt");
        callsets.forEach(each -> table.row(each.callsetId(), each.handler(), each.executor(), each.size(),
                each.count(CallState.SUCCESS), each.count(CallState.ERROR), each.count(CallState.CANCELLED),
                each.done(), each.createdAt(), each.doneAt()));
        table.end();
    }

    /** What a script is told of a callset. */
    static int exitCode(CallsetInfo callset) {
        if (!callset.done()) {
            return Wren.NOT_IN_TIME;
        }
        return callset.count(CallState.SUCCESS) == callset.size() ? 0 : Wren.CALLS_FAILED;
    }
}
