package dev.wren.gateway.startup;

import java.util.List;
import java.util.Set;

/** There are settings that nothing reads. */
final class UnknownSettingsException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final List<String> names;

    UnknownSettingsException(Set<String> names) {
        super("there is no setting " + String.join(", ", names));
        this.names = List.copyOf(names);
    }

    /** The settings, as they were given. */
    List<String> names() {
        return names;
    }
}
