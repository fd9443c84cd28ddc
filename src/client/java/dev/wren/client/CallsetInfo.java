package dev.wren.client;

import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.States;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A map, as it is at one moment.
 *
 * @param callsetId its id
 * @param handler of its function
 * @param executor where it runs
 * @param size number of calls
 * @param states calls by state, all states
 * @param done whether all have ended
 * @param createdAt when it was accepted
 * @param doneAt when the last call ended; null until then
 * @param tags to find it by
 */
public record CallsetInfo(String callsetId, String handler, String executor, int size, Map<CallState, Integer> states,
        boolean done, Instant createdAt, @Nullable Instant doneAt, Map<String, String> tags) {

    public CallsetInfo {
        states = Map.copyOf(states);
        tags = Map.copyOf(tags);
    }

    /** How many calls are in a state. */
    public int count(CallState state) {
        return states.getOrDefault(state, 0);
    }

    static CallsetInfo of(Callset from) {
        States by = Objects.requireNonNull(from.getStates());
        Map<CallState, Integer> states = new EnumMap<>(CallState.class);
        states.put(CallState.NEW, by.getNew());
        states.put(CallState.INVOKED, by.getInvoked());
        states.put(CallState.RUNNING, by.getRunning());
        states.put(CallState.SUCCESS, by.getSuccess());
        states.put(CallState.ERROR, by.getError());
        states.put(CallState.CANCELLED, by.getCancelled());
        return new CallsetInfo(String.valueOf(from.getCallsetId()),
                from.getFunction() == null ? "" : String.valueOf(from.getFunction().getHandler()),
                String.valueOf(from.getExecutor()), from.getSize() == null ? 0 : from.getSize(), states,
                Boolean.TRUE.equals(from.getDone()), Objects.requireNonNull(from.getCreatedAt()).toInstant(),
                from.getDoneAt() == null ? null : from.getDoneAt().toInstant(),
                from.getTags() == null ? Map.of() : from.getTags());
    }
}
