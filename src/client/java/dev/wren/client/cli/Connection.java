package dev.wren.client.cli;

import dev.wren.client.WrenExecutor;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options that every command has that asks a gateway. */
final class Connection {

    /** How data are printed. */
    enum Form {
        JSON,
        TABLE
    }

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--url", paramLabel = "URL[,URL...]", description = "Gateways of one store, of which any will do.")
    private @Nullable String url;

    @Option(names = "--key", paramLabel = "KEY",
            description = "Key of the API; better given as WREN_KEY, which others do not see.")
    private @Nullable String key;

    @Option(names = "--patience", paramLabel = "SECONDS", defaultValue = "10",
            description = "For how long a request is tried that is not answered; ${DEFAULT-VALUE} where it is not given.")
    private double patience;

    @Option(names = {"-o",
            "--output"}, defaultValue = "table",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} where it is not given.")
    private Form output = Form.TABLE;

    @Option(names = {"-q", "--quiet"}, description = "No progress.")
    private boolean quiet;

    /** For one command. */
    WrenExecutor executor(@Nullable String name) {
        WrenExecutor.Builder builder = WrenExecutor.builder().executor(name).progress(!quiet)
                .patience(seconds(patience));
        if (url != null) {
            builder.urls(url);
        }
        if (key != null) {
            builder.key(key);
        }
        return builder.build();
    }

    static Duration seconds(double seconds) {
        if (!(seconds >= 0)) {
            throw new IllegalArgumentException("A number of seconds, at least 0, and not " + seconds + ".");
        }
        return Duration.ofNanos((long) Math.min(seconds * 1_000_000_000, Long.MAX_VALUE));
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    boolean isJson() {
        return output == Form.JSON;
    }

    /** Where data are printed. */
    Table table(String... columns) {
        return new Table(out(), isJson(), columns);
    }
}
