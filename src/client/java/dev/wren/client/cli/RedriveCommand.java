package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import picocli.CommandLine.Command;

/** Runs again what has failed. */
@Command(name = "redrive", mixinStandardHelpOptions = true,
        description = "Runs again what has failed or was cancelled of a callset; prints the"
                + " new callset's id, or nothing if there is nothing to run.")
final class RedriveCommand extends OfCallset {

    @Override
    int run(WrenExecutor executor) {
        var again = executor.redrive(futures(executor));
        if (connection().isJson()) {
            connection().table("callsetId", "size").row(again.isEmpty() ? null : again.getFirst().callsetId(),
                    again.size());
        } else if (!again.isEmpty()) {
            connection().out().println(again.getFirst().callsetId());
        }
        return 0;
    }
}
