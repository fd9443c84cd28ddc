package dev.wren.worker.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.remote.RemoteHello;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.loader.FunctionLoaders;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The handler, {@code dev.wren.worker.lambda.LambdaWorker::handleRequest}. An environment runs one invocation at a time.
 */
public final class LambdaWorker implements RequestStreamHandler {

    /** How many invocations Lambda gives to one environment at once, where that is more than one. */
    private static final String CONCURRENCY = "AWS_LAMBDA_MAX_CONCURRENCY";
    private static final byte[] HELLO = RemoteHello.QUESTION.getBytes(StandardCharsets.UTF_8);

    static {
        FunctionLoaders.install();
    }

    private final @Nullable String trouble = trouble(System.getenv(CONCURRENCY));
    private final LambdaEnvironment environment = LambdaEnvironment.here();

    /** Called by Lambda, once an environment: what is made here is made while it starts. */
    public LambdaWorker() {
        // All is made above.
    }

    private static @Nullable String trouble(@Nullable String concurrency) {
        return concurrency == null || concurrency.equals("1")
                ? null
                : "the function takes " + concurrency + " invocations at once in one environment (" + CONCURRENCY
                        + "); calls need one of their own each";
    }

    @Override
    public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
        byte[] bytes = in.readAllBytes();
        if (Arrays.equals(bytes, HELLO)) {
            out.write(new RemoteHello(Protocol.VERSION, Runtime.version().toString(), trouble).toJson());
            return;
        }
        if (trouble != null) {
            throw new IllegalStateException(trouble);
        }
        environment.run(RemoteInvocation.read(bytes), out, context::getRemainingTimeInMillis);
    }
}
