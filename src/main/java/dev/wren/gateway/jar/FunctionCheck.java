package dev.wren.gateway.jar;

import java.util.List;

/** PLACEHOLDER. */
public final class FunctionCheck {
    public void check(LocalJar jar, String handler, List<String> excludeModules) {
        throw new IllegalStateException();
    }
}
