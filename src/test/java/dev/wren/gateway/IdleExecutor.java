package dev.wren.gateway;

import dev.wren.gateway.executor.Executor;
import dev.wren.gateway.executor.ExecutorKind;
import dev.wren.gateway.executor.WorkSource;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.support.GenericApplicationContext;

/** An executor that takes no work, and is ready when a test says so; configured as the kind {@code idle}. */
final class IdleExecutor implements ExecutorKind {

    private volatile boolean ready = true;

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
    public Executor create(String name, String prefix, Binder binder) {
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
            public void checkConfig(Map<String, Object> config) {
                // Nothing can be wrong.
            }

            @Override
            public int chunkSize(long meanNanos, int waiting) {
                return 1;
            }

            @Override
            public void start(WorkSource work) {
                // It takes none.
            }

            @Override
            public void close() {
                // It has none.
            }
        };
    }
}
