package dev.wren.protocol;

/** What one attempt of a call came to. */
public sealed interface Outcome {

    /** The state that a call with this outcome ends in. */
    CallState state();

    /** The function returned; {@code value} is its JSON. */
    record Success(Value value) implements Outcome {
        @Override
        public CallState state() {
            return CallState.SUCCESS;
        }
    }

    /** The attempt failed. */
    record Failure(CallError error) implements Outcome {
        @Override
        public CallState state() {
            return CallState.ERROR;
        }
    }

    /** The call was cancelled, before or while it ran. */
    record Cancelled() implements Outcome {
        @Override
        public CallState state() {
            return CallState.CANCELLED;
        }
    }
}
