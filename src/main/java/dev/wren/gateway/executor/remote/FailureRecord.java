package dev.wren.gateway.executor.remote;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteInvocation;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What Lambda tells a failure destination of an invocation that came to nothing.
 *
 * @param requestId what {@code Invoke} had answered
 * @param invocation what was sent; nothing where Lambda has dropped it
 * @param fate what became of it
 */
record FailureRecord(String requestId, Optional<RemoteInvocation> invocation, Fate fate) {

    /** What becomes of calls that no worker has told of. */
    sealed interface Fate {

        /** They were not begun. */
        record NotBegun() implements Fate {
        }

        /** The worker failed, and no call is why. */
        record Trouble(String why) implements Fate {
        }

        /** The worker ended in one of them. */
        record Died(CallError error, @Nullable Integer exitCode) implements Fate {
        }

        /** All was reported before. */
        record Reported() implements Fate {
        }
    }

    /** {@code RequestId: … Error: Runtime exited with error: exit status 3}, or {@code … signal: killed}. */
    private static final Pattern EXIT = Pattern.compile("exit status (\\d{1,3})");
    private static final Pattern SIGNAL = Pattern.compile("signal: (\\w+)");
    private static final int SIGNALLED = 128;
    private static final int KILLED = 137;

    /**
     * Reads a record of Lambda's version 1.0.
     *
     * @throws WireException if it is none
     */
    static FailureRecord read(String body) {
        try {
            JsonNode record = JsonMapper.shared().readTree(body);
            JsonNode context = record.path("requestContext");
            if (!context.path("requestId").isString()) {
                throw new WireException("neither reports nor a failure record");
            }
            JsonNode payload = record.path("requestPayload");
            Optional<RemoteInvocation> invocation = payload.isObject()
                    ? Optional.of(RemoteInvocation.read(payload.toString().getBytes(StandardCharsets.UTF_8)))
                    : Optional.empty();
            return new FailureRecord(context.path("requestId").asString(), invocation,
                    context.path("condition").asString("").equals("EventAgeExceeded")
                            ? new Fate.NotBegun()
                            : fate(record.path("responsePayload")));
        } catch (JacksonException e) {
            throw new WireException("neither reports nor a failure record: " + e.getMessage());
        }
    }

    /** What an answer of Lambda's means that has a function error. */
    static Fate fate(JsonNode error) {
        String type = error.path("errorType").asString("");
        String message = error.path("errorMessage").asString("");
        if (type.equals("Sandbox.Timedout") || message.contains("Task timed out after")) {
            return new Fate.Died(CallError.of(ErrorCode.OUTATIME, "Lambda has ended the invocation: " + message), null);
        }
        if (!type.startsWith("Runtime.") && !type.startsWith("Sandbox.")) {
            // The worker's own handler has thrown: functions cannot make it do so.
            return new Fate.Trouble("the worker failed: " + type + " " + message);
        }
        Matcher exit = EXIT.matcher(message);
        if (exit.find()) {
            int code = Integer.parseInt(exit.group(1));
            return code == Protocol.ALL_REPORTED
                    ? new Fate.Reported()
                    : new Fate.Died(ended(" with exit code " + code), code);
        }
        Matcher signal = SIGNAL.matcher(message);
        if (signal.find()) {
            int code = signal.group(1).equals("killed") ? KILLED : SIGNALLED;
            return new Fate.Died(ended(", by the signal: " + signal.group(1)
                    + (code == KILLED ? ", as where memory runs out" : "")), code);
        }
        return new Fate.Died(ended(": " + type + " " + message),
                message.contains("without providing a reason") ? 0 : null);
    }

    private static CallError ended(String how) {
        return CallError.of(ErrorCode.RETCODE, "The process ended in this call" + how + ".");
    }
}
