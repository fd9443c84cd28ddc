package dev.wren.client;

import org.jspecify.annotations.Nullable;

/** A gateway has refused a request, or none could be reached. */
public class WrenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String problem;

    WrenException(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = 0;
        this.problem = "";
    }

    /**
     * @param status of HTTP
     * @param problem slug of the problem
     */
    WrenException(String message, int status, String problem) {
        super(message);
        this.status = status;
        this.problem = problem;
    }

    /** The status of the answer; 0 if there was none. */
    public int status() {
        return status;
    }

    /** What kind of problem it is, such as {@code invalid-function}; empty if no gateway has said so. */
    public String problem() {
        return problem;
    }
}
