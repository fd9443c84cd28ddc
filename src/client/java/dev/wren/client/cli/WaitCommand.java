package dev.wren.client.cli;

import dev.wren.client.CallsetInfo;
import dev.wren.client.ResponseFuture;
import dev.wren.client.ReturnWhen;
import dev.wren.client.WrenExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Waits for callsets. */
@Command(name = "wait", mixinStandardHelpOptions = true,
        description = "Waits for callsets, and prints how they are then.")
final class WaitCommand implements Callable<Integer> {

    private static final Duration FOREVER = Duration.ofDays(365);

    @Mixin
    private final Connection connection = new Connection();

    @Parameters(arity = "1..*", paramLabel = "CALLSET", description = "Ids of callsets.")
    private List<String> callsets = new ArrayList<>();

    @Option(names = {"--return_when",
            "--return-when"}, defaultValue = "ALL_COMPLETED",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} where it is not given.")
    private ReturnWhen returnWhen = ReturnWhen.ALL_COMPLETED;

    @Option(names = "--timeout", paramLabel = "SECONDS",
            description = "For how long; without end where it is not given.")
    private @Nullable Double timeout;

    @Override
    public Integer call() {
        try (WrenExecutor executor = connection.executor(null)) {
            List<ResponseFuture<JsonNode>> all = new ArrayList<>();
            for (String callset : callsets) {
                List<ResponseFuture<JsonNode>> futures = executor.futures(callset, JsonNode.class);
                all = callsets.size() == 1 ? futures : joined(all, futures);
            }
            int open = executor.wait(all, returnWhen, timeout == null ? FOREVER : Connection.seconds(timeout))
                    .notDones()
                    .size();
            List<CallsetInfo> now = callsets.stream().map(executor::info).toList();
            OfCallset.print(connection, now);
            int worst = 0;
            for (CallsetInfo each : now) {
                worst = Math.max(worst, OfCallset.exitCode(each));
            }
            // Whoever waits for any has what he wanted, if there is one.
            return returnWhen == ReturnWhen.ALL_COMPLETED || (returnWhen == ReturnWhen.ANY_COMPLETED
                    && open == all.size() && open > 0) ? worst : 0;
        }
    }

    private static List<ResponseFuture<JsonNode>> joined(List<ResponseFuture<JsonNode>> some,
            List<ResponseFuture<JsonNode>> more) {
        List<ResponseFuture<JsonNode>> all = new ArrayList<>(some);
        all.addAll(more);
        return all;
    }
}
