package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Cancels calls. */
@Command(name = "cancel", mixinStandardHelpOptions = true,
        description = "Cancels what has not ended of a callset, or some of its calls; prints how it is then.")
final class CancelCommand extends OfCallset {

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "CALL",
            description = "Ids of calls; all where none is given.")
    private List<String> calls = new ArrayList<>();

    @Override
    int run(WrenExecutor executor) {
        if (calls.isEmpty()) {
            executor.cancel(futures(executor));
        } else {
            calls.stream().map(call -> future(executor, call)).toList().forEach(each -> each.cancel());
        }
        print(connection(), List.of(executor.info(callset())));
        return 0;
    }
}
