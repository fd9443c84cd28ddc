package dev.wren.gateway.callset;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decides which executor a callset is for. */
public interface Placement {

    /**
     * The name of the executor that takes a callset.
     *
     * @param executor the name that was asked for, or null for the configured default
     * @param config overrides of its settings
     * @throws dev.wren.gateway.web.ProblemException when there is no such executor, it is not ready, or a setting may
     * not be overridden
     */
    String place(@Nullable String executor, Map<String, Object> config);
}
