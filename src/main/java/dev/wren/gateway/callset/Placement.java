package dev.wren.gateway.callset;

import dev.wren.gateway.record.MapSettings;

/** Decides which executor a callset is for. */
public interface Placement {

    /**
     * The name of the executor that takes a callset.
     *
     * @throws dev.wren.gateway.web.problem.ProblemException when there is no executor of the name that is asked for, it is not
     * ready, a setting may not be overridden, or an attempt may not run for so long there
     */
    String place(MapSettings settings);
}
