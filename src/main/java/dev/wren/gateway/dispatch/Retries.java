package dev.wren.gateway.dispatch;

import dev.wren.protocol.ErrorCode;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** Which failures are tried again, and when. Safe for use by several threads if its random generator is. */
record Retries(Duration base, Duration cap, RandomGenerator random) {

    /** Whether a further attempt may come to something else. */
    static boolean canHelp(ErrorCode code) {
        return switch (code) {
            case FUNCTION, OUTATIME, RETCODE -> true;
            case CANCELLED, WRONGVERSION, LOST, RUNTIME -> false;
        };
    }

    /**
     * The wait before the attempt after {@code attempt}: doubled each time, with full jitter between half and one and a
     * half of it, so that calls that failed together do not come back together.
     */
    Duration backoff(int attempt) {
        double factor = Math.pow(2, Math.min(attempt - 1, 30)) * (0.5 + random.nextDouble());
        return Duration.ofNanos(Math.min(cap.toNanos(), (long) (base.toNanos() * factor)));
    }
}
