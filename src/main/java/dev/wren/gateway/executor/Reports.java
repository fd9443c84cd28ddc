package dev.wren.gateway.executor;

import dev.wren.protocol.CallError;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Report;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes the reports of workers that the gateway does not hold a connection to: late, twice, in any order, of an earlier
 * sending, or after a restart. Safe for use by several threads.
 */
public interface Reports {

    /** What became of a report. */
    enum Receipt {
        /** It was news, and is durable. */
        TAKEN,
        /** It says nothing new: the call is decided, or is in another attempt; what was decided is durable. */
        DROPPED,
        /** This gateway cannot say now: it is to be asked again. */
        LATER,
        /** This gateway does not drive the callset: it is done or deleted, or another gateway drives it. */
        NOT_DRIVEN
    }

    /**
     * Takes a report of an attempt: the first one of the call's current attempt decides, whichever sending it is of.
     *
     * @return completes when nothing of the report can be lost any more
     */
    CompletableFuture<Receipt> accept(CallsetId callset, Report report);

    /**
     * Calls of a sending came to nothing, by no fault of theirs, and are sent again.
     *
     * @param trouble what failed that is not to fail: calls that it befalls too often end in {@code RUNTIME}; null if
     * they were just not begun
     */
    CompletableFuture<Receipt> returned(CallsetId callset, long send, int[] calls, @Nullable String trouble);

    /**
     * The worker of a sending has ended, and will tell no more of its calls. One call is to blame, if it was alone in
     * the sending: its attempt has failed. Else nobody knows which, and each is sent again alone.
     *
     * @param error of the call that is to blame
     * @param exitCode of the worker's process, if it is known
     */
    CompletableFuture<Receipt> died(CallsetId callset, long send, int[] calls, CallError error,
            @Nullable Integer exitCode);
}
