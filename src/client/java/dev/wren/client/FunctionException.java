package dev.wren.client;

import org.jspecify.annotations.Nullable;

/** A call has ended without a value. What the function threw is told in words: its class need not be there. */
public class FunctionException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String code;
    private final @Nullable String type;
    private final @Nullable String remoteMessage;
    private final @Nullable String remoteStackTrace;

    /**
     * @param call the callset's id and the call's
     * @param code {@code FUNCTION} if the function threw; else what became of the attempt, as the gateway says it
     * @param type name of the class that was thrown
     * @param message of what was thrown, or of what became of it
     * @param stackTrace with the causes
     */
    FunctionException(String call, String code, @Nullable String type, @Nullable String message,
            @Nullable String stackTrace) {
        super("call " + call + " failed: " + (type == null ? code : type) + (message == null ? "" : ": " + message)
                + (stackTrace == null ? "" : System.lineSeparator() + "there: " + stackTrace.strip()));
        this.code = code;
        this.type = type;
        this.remoteMessage = message;
        this.remoteStackTrace = stackTrace;
    }

    /** {@code FUNCTION}, {@code OUTATIME}, {@code RETCODE}, {@code LOST}, {@code WRONGVERSION} or {@code RUNTIME}. */
    public String code() {
        return code;
    }

    /** Name of the class that was thrown; null if none was. */
    public @Nullable String type() {
        return type;
    }

    /** The message of what was thrown, or of what became of the call. */
    public @Nullable String remoteMessage() {
        return remoteMessage;
    }

    /** Where it was thrown, with its causes; null if nothing was. */
    public @Nullable String remoteStackTrace() {
        return remoteStackTrace;
    }
}
