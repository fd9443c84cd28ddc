package dev.wren.client.cli;

import dev.wren.client.CallsetInfo;
import dev.wren.client.ReturnWhen;
import dev.wren.client.WrenExecutor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prints values. */
@Command(name = "results", mixinStandardHelpOptions = true, description = {
        "Prints all values, one JSON a line, in order, as they come; why there is none to standard error.",
        "With --output json each line says of which call it is, and those without a value have one too."})
final class ResultsCommand extends OfCallset {

    @Option(names = "--timeout", paramLabel = "SECONDS",
            description = "Waits so long for all calls to end, and prints nothing if they have not.")
    private @Nullable Double timeout;

    @Override
    int run(WrenExecutor executor) {
        var futures = futures(executor);
        if (timeout != null) {
            executor.wait(futures, ReturnWhen.ALL_COMPLETED, Connection.seconds(timeout));
            CallsetInfo now = executor.info(callset());
            if (!now.done()) {
                connection().err().println("wren: not all calls have ended in time");
                return exitCode(now);
            }
        }
        return new Results(connection()).print(executor, futures);
    }
}
