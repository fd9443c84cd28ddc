package dev.wren.worker.function;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import dev.wren.worker.binding.CallInfo;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** What a {@code RequestHandler} is told of its call, in Lambda's words. */
final class LambdaContext implements Context, LambdaLogger {

    private final CallInfo call;
    private final Clock clock;

    LambdaContext(CallInfo call, Clock clock) {
        this.call = call;
        this.clock = clock;
    }

    @Override
    public String getAwsRequestId() {
        return call.callsetId() + "/" + call.callId();
    }

    @Override
    public String getLogGroupName() {
        return call.callsetId();
    }

    @Override
    public String getLogStreamName() {
        return call.workerId();
    }

    @Override
    public String getFunctionName() {
        return call.handler();
    }

    @Override
    public String getFunctionVersion() {
        return "$LATEST";
    }

    @Override
    public String getInvokedFunctionArn() {
        return call.handler();
    }

    /** Null, as in Lambda for a function that no mobile application called. */
    @Override
    public @Nullable CognitoIdentity getIdentity() {
        return null;
    }

    @Override
    public @Nullable ClientContext getClientContext() {
        return null;
    }

    @Override
    public int getRemainingTimeInMillis() {
        return Math.clamp(call.deadlineMillis() - clock.millis(), 0, Integer.MAX_VALUE);
    }

    @Override
    public int getMemoryLimitInMB() {
        return Math.toIntExact(Runtime.getRuntime().maxMemory() >> 20);
    }

    @Override
    public LambdaLogger getLogger() {
        return this;
    }

    @Override
    public void log(String message) {
        System.out.println(message);
    }

    @Override
    public void log(byte[] message) {
        PrintStream out = System.out;
        out.println(new String(message, StandardCharsets.UTF_8));
    }
}
