package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.record.Call;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallState;
import java.util.Objects;

/** The problems that calls without a value are answered with. */
final class CallProblems {

    private CallProblems() {
    }

    /** {@code call-failed} with the error, or {@code call-cancelled}. */
    static ProblemException call(Callset callset, Call call) {
        String callId = callset.callId(call.index());
        if (call.state() == CallState.CANCELLED) {
            return new ProblemException(ProblemType.CALL_CANCELLED, "The call " + callId + " was cancelled.")
                    .with("callId", callId);
        }
        ErrorView error = Objects.requireNonNull(ErrorView.of(Objects.requireNonNull(call.report())));
        return new ProblemException(ProblemType.CALL_FAILED, "The call " + callId + " failed: " + error.message())
                .with("callId", callId)
                .with("error", error);
    }
}
