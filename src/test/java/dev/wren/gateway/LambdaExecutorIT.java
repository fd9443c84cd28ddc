package dev.wren.gateway;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * What a map may rely on holds on Lambda as it does on this machine. Where {@code WREN_TEST_AWS_FUNCTION} names a function,
 * {@code WREN_TEST_AWS_BUCKET} a bucket and {@code WREN_TEST_AWS_QUEUE} the function's queue of reports (without its
 * {@code -0}), these are AWS's own, with the credentials of the environment.
 */
class LambdaExecutorIT extends WorkerContract {

    private static final Map<String, String> AWS = System.getenv();
    private static @Nullable TestLambda lambda;

    @BeforeAll
    static void startLambda() {
        if (!AWS.containsKey("WREN_TEST_AWS_FUNCTION")) {
            lambda = TestLambda.start();
        }
    }

    @AfterAll
    void stopLambda() {
        closeShared();
        if (lambda != null) {
            lambda.close();
        }
    }

    @Override
    RunningGateway start(Path store) {
        return lambda != null ? lambda.gateway(store) : onAws(store);
    }

    @Override
    List<String> keys(Path store, String prefix) {
        if (lambda != null) {
            return lambda.keys(store, prefix);
        }
        try (S3Client s3 = S3Client.builder().httpClientBuilder(Apache5HttpClient.builder()).build()) {
            return s3.listObjectsV2(list -> list.bucket(AWS.get("WREN_TEST_AWS_BUCKET"))
                    .prefix("wren-test/" + store.getFileName() + "/" + prefix)).contents().stream()
                    .map(S3Object::key).toList();
        }
    }

    private static RunningGateway onAws(Path store) {
        return RunningGateway.startWithFunctions(store,
                "--wren.store=s3://" + AWS.get("WREN_TEST_AWS_BUCKET") + "/wren-test/" + store.getFileName(),
                "--wren.default-executor=lambda",
                "--wren.executors.lambda.functions=" + AWS.get("WREN_TEST_AWS_FUNCTION"),
                "--wren.remote.reports-queue=" + AWS.get("WREN_TEST_AWS_QUEUE"));
    }
}
