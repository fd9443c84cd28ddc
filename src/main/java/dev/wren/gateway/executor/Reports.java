package dev.wren.gateway.executor;

import dev.wren.protocol.CallsetId;
import dev.wren.protocol.Report;
import java.util.concurrent.CompletableFuture;

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
        /** This gateway does not drive the callset: it is done or deleted, or another gateway drives it. */
        NOT_DRIVEN
    }

    /**
     * Takes a report of an attempt: the first one of the call's current attempt decides, whichever sending it is of.
     *
     * @return completes when nothing of the report can be lost any more
     */
    CompletableFuture<Receipt> accept(CallsetId callset, Report report);
}
