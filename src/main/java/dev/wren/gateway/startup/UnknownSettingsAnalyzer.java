package dev.wren.gateway.startup;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what is wrong with settings that there are not, without a stack trace. */
final class UnknownSettingsAnalyzer extends AbstractFailureAnalyzer<UnknownSettingsException> {

    @Override
    protected FailureAnalysis analyze(Throwable root, UnknownSettingsException cause) {
        return new FailureAnalysis(
                "There is no such setting: " + String.join(", ", cause.names()),
                "Correct or remove it. The README lists all settings.", cause);
    }
}
