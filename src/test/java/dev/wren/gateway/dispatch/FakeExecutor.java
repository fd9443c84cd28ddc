package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.WorkSource;
import java.util.Map;

/** An executor that takes nothing by itself: a test takes from its lane, and says what becomes of the chunks. */
record FakeExecutor(String name, int chunkSize) implements Executor {

    @Override
    public String kind() {
        return "fake";
    }

    @Override
    public Readiness readiness() {
        return Readiness.READY;
    }

    @Override
    public Map<String, Object> settings() {
        return Map.of();
    }

    @Override
    public void checkConfig(Map<String, Object> config) {
        // Nothing can be wrong.
    }

    @Override
    public int chunkSize(long meanNanos, int waiting) {
        return chunkSize;
    }

    @Override
    public void start(WorkSource work) {
        // The test takes.
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
