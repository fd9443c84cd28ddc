package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import picocli.CommandLine.Command;

/** Removes a callset. */
@Command(name = "delete", mixinStandardHelpOptions = true,
        description = "Cancels what runs of a callset, and removes all that is stored of it.")
final class DeleteCommand extends OfCallset {

    @Override
    int run(WrenExecutor executor) {
        executor.delete(callset());
        return 0;
    }
}
