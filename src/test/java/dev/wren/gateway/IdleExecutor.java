package dev.wren.gateway;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.InstancePool;
import dev.wren.gateway.executor.Reports;
import dev.wren.gateway.executor.SettingsSource;
import dev.wren.gateway.executor.WorkSource;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.springframework.context.support.GenericApplicationContext;

/** An executor that takes no work, and is ready when a test says so; configured as the kind {@code idle}. */
final class IdleExecutor implements ExecutorKind {

    private final IdlePool pool = new IdlePool();
    private volatile boolean ready = true;

    IdlePool pool() {
        return pool;
    }

    void ready(boolean now) {
        ready = now;
    }

    /** Adds the kind to a gateway. */
    void in(GenericApplicationContext context) {
        context.registerBean("idleExecutor", ExecutorKind.class, () -> this);
    }

    @Override
    public String kind() {
        return "idle";
    }

    @Override
    public Executor create(String name, SettingsSource settings) {
        return new Executor() {

            @Override
            public String name() {
                return name;
            }

            @Override
            public String kind() {
                return "idle";
            }

            @Override
            public Readiness readiness() {
                return ready ? Readiness.READY : Readiness.notReady("it has no workers");
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
            public Duration allowance(int calls, Duration jobMaxRuntime) {
                return Duration.ofMinutes(5);
            }

            @Override
            public int chunkSize(long meanNanos, int waiting) {
                return 1;
            }

            @Override
            public Optional<InstancePool> pool() {
                return Optional.of(pool);
            }

            @Override
            public void start(WorkSource work, Reports reports) {
                // It takes none.
            }

            @Override
            public void close() {
                // It has none.
            }
        };
    }
}
