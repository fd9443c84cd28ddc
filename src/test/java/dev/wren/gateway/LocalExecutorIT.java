package dev.wren.gateway;

import java.nio.file.Path;

class LocalExecutorIT extends WorkerContract {

    @Override
    RunningGateway start(Path store) {
        return RunningGateway.startWithFunctions(store, "--wren.executors.local.stop-timeout=100ms",
                "--wren.executors.local.spare=true");
    }
}
