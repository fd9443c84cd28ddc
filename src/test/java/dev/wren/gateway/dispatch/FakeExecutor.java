package dev.wren.gateway.dispatch;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.WorkSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An executor that takes nothing by itself: a test takes from its lane, and says what becomes of the chunks. */
record FakeExecutor(String name, int chunkSize, Duration allowance, boolean outlivesGateway, List<Chunk> resumed)
        implements
            Executor {

    FakeExecutor(String name, int chunkSize) {
        this(name, chunkSize, Duration.ofMinutes(5), false, new ArrayList<>());
    }

    @Override
    public Duration allowance(int calls, Duration jobMaxRuntime) {
        return allowance;
    }

    @Override
    public void resume(Chunk chunk) {
        resumed.add(chunk);
    }

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
    public Map<String, String> wrongOverrides(Map<String, Object> config) {
        return Map.of();
    }

    @Override
    public int chunkSize(long meanNanos, int waiting) {
        return chunkSize;
    }

    @Override
    public void start(WorkSource work, Reports reports) {
        // The test takes.
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
