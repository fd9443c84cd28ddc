package dev.wren.worker.binding;

/**
 * Which call a function is applied for, as far as a function may want to know.
 *
 * @param callsetId the callset
 * @param callId the call
 * @param handler the function's name
 * @param extraMeta a JSON object
 * @param workerId the worker's name
 * @param deadlineMillis when the attempt's time is over, milliseconds since the epoch
 */
public record CallInfo(String callsetId, String callId, String handler, String extraMeta, String workerId,
        long deadlineMillis) {
}
