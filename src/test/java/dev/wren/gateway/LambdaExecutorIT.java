package dev.wren.gateway;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** What a map may rely on holds on Lambda as it does on this machine. */
class LambdaExecutorIT extends ExecutorContract {

    private static TestLambda lambda;

    @BeforeAll
    static void startLambda() {
        lambda = TestLambda.start();
    }

    @AfterAll
    static void stopLambda() {
        lambda.close();
    }

    @Override
    RunningGateway start(Path store) {
        return lambda.gateway(store);
    }
}
