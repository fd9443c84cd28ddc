package dev.wren.gateway;

import dev.wren.BesideOthers;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** What a map may rely on holds on a pool of machines as it does on this one. */
@BesideOthers
class StandaloneExecutorIT extends WorkerContract {

    private static TestPool pool;
    private final Set<Path> joined = new HashSet<>();

    @BeforeAll
    static void startPool() {
        pool = TestPool.start();
    }

    @AfterAll
    void stopPool() {
        closeShared();
        pool.close();
    }

    /** Machines outlive their gateway. */
    @Override
    RunningGateway start(Path store) {
        if (joined.add(store)) {
            pool.machine(store, "--parallelism", "3", "--memory-mb", "600");
        }
        return pool.gateway(store);
    }

    @Override
    List<String> keys(Path store, String prefix) {
        return pool.keys(store, prefix);
    }
}
