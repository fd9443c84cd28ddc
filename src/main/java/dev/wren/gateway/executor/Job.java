package dev.wren.gateway.executor;

import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.record.MapSettings;
import dev.wren.protocol.CallsetId;

/** What an executor may know of the callset whose calls it runs. Safe for use by several threads. */
public interface Job {

    CallsetId id();

    String tenant();

    /** Number of calls of the whole callset. */
    int size();

    MapSettings settings();

    /** The jar with the function. */
    PinnedJar jar();

    /** Whether the call's outcome is decided: whatever runs of it is to be stopped. */
    boolean isDecided(int call);

    /** Whether all calls have ended, or the callset was deleted. */
    boolean isOver();

    /** Runs {@code action} once, as soon as {@link #isOver}. It must be quick. */
    void onEnd(Runnable action);
}
