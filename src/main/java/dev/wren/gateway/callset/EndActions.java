package dev.wren.gateway.callset;

import dev.wren.protocol.CallsetId;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is to happen once, when a callset has ended. Safe for use by several threads. */
final class EndActions {

    private static final Logger log = LoggerFactory.getLogger(EndActions.class);

    private final CallsetId callset;
    private final List<Runnable> actions = new ArrayList<>();
    private boolean over;

    EndActions(CallsetId callset) {
        this.callset = callset;
    }

    /** Runs {@code action} at the end; at once if that was before. */
    void add(Runnable action) {
        synchronized (this) {
            if (!over) {
                actions.add(action);
                return;
            }
        }
        run(action);
    }

    /** The end has come. */
    void runAll() {
        List<Runnable> now;
        synchronized (this) {
            over = true;
            now = List.copyOf(actions);
            actions.clear();
        }
        now.forEach(this::run);
    }

    /** What one action comes to keeps no other from being run. */
    private void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            log.error("callset {}: something that was to follow its end has failed", callset, e);
        }
    }
}
