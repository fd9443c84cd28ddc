package dev.wren.client.cli;

import dev.wren.client.ResponseFuture;
import dev.wren.client.WrenExecutor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Prints what calls have written. */
@Command(name = "logs", mixinStandardHelpOptions = true, description = {
        "Prints what a call has written, or all of a callset, call by call.",
        "With --output json one line a call: {callId, logs}."})
final class LogsCommand extends OfCallset {

    @Parameters(index = "1", arity = "0..1", paramLabel = "CALL",
            description = "Id of a call; all where it is not given.")
    private @Nullable String call;

    @Override
    int run(WrenExecutor executor) {
        if (call != null) {
            print(future(executor, call));
        } else {
            futures(executor).forEach(this::print);
        }
        return 0;
    }

    private void print(ResponseFuture<JsonNode> future) {
        String logs = future.logs();
        if (connection().isJson()) {
            connection().table("callId", "logs").row(future.callId(), logs);
            return;
        }
        if (call == null && !logs.isEmpty()) {
            connection().out().println("==> " + future.callId() + " <==");
        }
        connection().out().print(logs);
        if (!logs.isEmpty() && !logs.endsWith("\n")) {
            connection().out().println();
        }
    }
}
