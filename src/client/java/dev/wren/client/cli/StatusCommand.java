package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import java.util.List;
import picocli.CommandLine.Command;

/** Prints how a callset is. */
@Command(name = "status", mixinStandardHelpOptions = true, description = "Prints how a callset is.")
final class StatusCommand extends OfCallset {

    @Override
    int run(WrenExecutor executor) {
        print(connection(), List.of(executor.info(callset())));
        return 0;
    }
}
