package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Job;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.gateway.record.MapSettings;
import dev.wren.protocol.CallsetId;
import java.util.Arrays;
import java.util.List;

/** A callset as executors see it. */
record DrivenJob(DriveState state, List<PinnedJar> jars) implements Job {

    DrivenJob(DriveState state) {
        this(state, state.callset.jars().stream()
                .map(jar -> new PinnedJar(state.callset.tenant(), jar.sha256(), jar.size())).toList());
    }

    @Override
    public CallsetId id() {
        return state.callset.id();
    }

    @Override
    public String tenant() {
        return state.callset.tenant();
    }

    @Override
    public int size() {
        return state.callset.size();
    }

    @Override
    public MapSettings settings() {
        return state.callset.settings();
    }

    @Override
    public int[] decided(int[] calls) {
        return state.locked(() -> Arrays.stream(calls).filter(state.table::isDecided).toArray());
    }

    @Override
    public boolean isOver() {
        return state.callset.driven().isOver() || state.callset.isDone();
    }

    @Override
    public void onEnd(Runnable action) {
        state.callset.state().onEnd(action);
    }
}
