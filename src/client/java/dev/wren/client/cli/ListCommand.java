package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints callsets. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "Prints callsets, newest first.")
final class ListCommand implements Callable<Integer> {

    @Mixin
    private final Connection connection = new Connection();

    @Option(names = "--tag", paramLabel = "NAME=VALUE", description = "Only those that have it.")
    private Map<String, String> tags = new LinkedHashMap<>();

    @Option(names = "--limit", defaultValue = "100",
            description = "At most so many; ${DEFAULT-VALUE} where it is not given.")
    private int limit;

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new IllegalArgumentException("--limit is at least 1.");
        }
        try (WrenExecutor executor = connection.executor(null)) {
            OfCallset.print(connection, executor.listCallsets(tags, limit));
            return 0;
        }
    }
}
