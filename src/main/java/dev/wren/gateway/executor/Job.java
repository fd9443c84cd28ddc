package dev.wren.gateway.executor;

import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.record.MapSettings;
import dev.wren.protocol.CallsetId;
import java.util.List;

/** What an executor may know of the callset whose calls it runs. Safe for use by several threads. */
public interface Job {

    CallsetId id();

    String tenant();

    /** Number of calls of the whole callset. */
    int size();

    MapSettings settings();

    /** The class path of the function, in order. */
    List<PinnedJar> jars();

    /** Those of the calls whose outcomes are decided: whatever runs of them is to be stopped. */
    int[] decided(int[] calls);

    /** Whether all calls have ended, or the callset was deleted. */
    boolean isOver();

    /** Runs {@code action} once, as soon as {@link #isOver}. It must be quick. */
    void onEnd(Runnable action);
}
