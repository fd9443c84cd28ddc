package dev.wren.gateway.web;

import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.time.Duration;
import java.util.regex.Pattern;

/** The header by which a request that is sent twice is done once. */
public final class IdempotencyKey {

    static final String NAME = "Idempotency-Key";
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{1,255}");
    private static final Duration LATER = Duration.ofSeconds(1);

    private IdempotencyKey() {
    }

    /**
     * Checks that a key has the form of one.
     *
     * @throws ProblemException {@code invalid-request}
     */
    public static void check(String key) {
        if (!FORM.matcher(key).matches()) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, NAME, "1 to 255 visible ASCII characters.");
        }
    }

    /** What is said while another request has the key. */
    public static ProblemException inProgress() {
        return new ProblemException(ProblemType.IN_PROGRESS, "A request with this " + NAME + " is under way.")
                .retryAfter(LATER);
    }
}
