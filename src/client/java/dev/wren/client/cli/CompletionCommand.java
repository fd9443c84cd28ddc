package dev.wren.client.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Completion for shells. */
@Command(name = "completion", mixinStandardHelpOptions = true, description = {
        "Prints what completes commands and options.", "In ~/.bashrc or ~/.zshrc:  source <(wren completion bash)"})
final class CompletionCommand implements Callable<Integer> {

    /** Shells that there is completion for. */
    enum Shell {
        BASH,
        ZSH
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @SuppressWarnings("UnusedVariable")
    @Parameters(arity = "0..1", defaultValue = "bash",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} where it is not given.")
    private Shell shell = Shell.BASH;

    @Override
    public Integer call() {
        // The same for both: it makes zsh understand bash's.
        spec.commandLine().getOut().println(AutoComplete.bash("wren", spec.root().commandLine()));
        return 0;
    }
}
