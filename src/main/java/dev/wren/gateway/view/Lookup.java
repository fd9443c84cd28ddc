package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallIds;
import java.time.Duration;

/** Finds calls by their ids. */
final class Lookup {

    private Lookup() {
    }

    /**
     * The index of a call.
     *
     * @throws ProblemException {@code not-found} unless it is just the id of a call
     */
    static int call(Callset callset, String callId) {
        return CallIds.parse(callId, callset.size())
                .orElseThrow(() -> new ProblemException(ProblemType.NOT_FOUND,
                        "The callset " + callset.id() + " has no call of this id."));
    }

    /** A cancel was decided, and its commit takes longer than a request may. */
    static ProblemException notYetCancelled() {
        return new ProblemException(ProblemType.UNAVAILABLE, "The cancel is not durable yet; ask again.")
                .retryAfter(Duration.ofSeconds(1));
    }

    /** Refuses a callset that was deleted while somebody waited for it. */
    static void require(Callset callset) {
        if (callset.state().isDeleted()) {
            throw new ProblemException(ProblemType.NOT_FOUND, "There is no callset " + callset.id() + ".");
        }
    }
}
