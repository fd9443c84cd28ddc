package dev.wren.client.cli;

import dev.wren.client.WrenException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line, {@code wren}. */
@Command(name = "wren", mixinStandardHelpOptions = true, versionProvider = Version.class, description = {
        "Runs functions of jars over data elsewhere, by a wren-gateway.",
        "Data go to standard output, one JSON a line or a table; all else to standard error."},
        subcommands = {
                MapCommand.class, WaitCommand.class, ResultsCommand.class, StatusCommand.class, ListCommand.class,
                LogsCommand.class, CancelCommand.class, RedriveCommand.class, DeleteCommand.class,
                StandaloneCommand.class, CompletionCommand.class,
                HelpCommand.class},
        exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
                "0:it has gone well, and so have the calls", "1:calls have failed, or were cancelled",
                "2:the command is wrong", "3:not all calls have ended in time", "4:the gateway has refused it",
                "5:no gateway answers"},
        footer = {"",
                "Gateways and key: --url and --key, else WREN_URL and WREN_KEY, else wren.properties of this folder"
                        + " (wren.url, wren.key), else .wren.properties of yours, else http://localhost:8080."})
public final class Wren implements Callable<Integer> {

    static final int CALLS_FAILED = 1;
    static final int USAGE = 2;
    static final int NOT_IN_TIME = 3;
    static final int REFUSED = 4;
    static final int NO_ANSWER = 5;
    private static final int SOFTWARE = 70;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private Wren() {
    }

    public static void main(String[] arguments) {
        // Data are UTF-8, whatever the terminal thinks.
        System.exit(run(new PrintWriter(System.out, false, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, Charset.defaultCharset()), arguments));
    }

    /** Runs a command; its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        CommandLine line = commandLine().setOut(out).setErr(err);
        int code = line.execute(arguments);
        out.flush();
        // Whoever reads has gone away: as other tools end then.
        return out.checkError() && code == 0 ? SOFTWARE : code;
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Wren());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
        return line;
    }

    private static int failed(Exception e, CommandLine command) throws Exception {
        int code = switch (e) {
            case WrenException known -> known.status() > 0 ? REFUSED : NO_ANSWER;
            case IllegalArgumentException wrong -> USAGE;
            case IOException io -> USAGE;
            case UncheckedIOException io -> USAGE;
            default -> throw e;
        };
        command.getErr().println("wren: " + (code == REFUSED ? "the gateway answers " : "") + e.getMessage());
        return code;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "A command is missing.");
    }
}
