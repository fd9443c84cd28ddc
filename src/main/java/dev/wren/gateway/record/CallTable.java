package dev.wren.gateway.record;

import dev.wren.protocol.CallState;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The state of all calls of a callset, 11 bytes a call. Not safe for use by several threads: whoever uses it holds the
 * callset's lock.
 */
public final class CallTable {

    private static final CallState[] STATES = CallState.values();
    private static final int STATE = 0x0f;
    /** The outcome is decided and on its way into the log; nobody sees it yet, and nothing else can be decided. */
    private static final int DECIDED = 0x10;

    /** Bytes that a place of an earlier attempt takes, at most: in the map, in a list of its own. */
    private static final long RETRIED = 200;

    private final byte[] states;
    private final short[] attempts;
    private final int[] segments;
    private final int[] offsets;
    private final int[] counts = new int[STATES.length];
    /** Records of attempts that were followed by another; few calls have any. */
    private final Map<Integer, List<Location>> earlier = new HashMap<>();
    private long retried;
    /** Sendings that the log tells of, of calls that it tells no more of. */
    private final Map<Integer, Sent> sent = new HashMap<>();

    public CallTable(int size) {
        states = new byte[size];
        attempts = new short[size];
        segments = new int[size];
        offsets = new int[size];
        counts[CallState.NEW.code()] = size;
    }

    /**
     * A call was sent to a worker that outlives the gateway.
     *
     * @param attempt the number of the attempt
     * @param send the number of the sending
     */
    public record Sent(int attempt, long send) {
    }

    /** Where a record is: a segment's number, and the offset in it. */
    public record Location(int segment, int offset) {
    }

    /** Number of calls. */
    public int size() {
        return states.length;
    }

    /** Bytes of memory that a table of {@code size} calls takes, without attempts that were tried again. */
    public static long weight(int size) {
        return 256 + 11L * size;
    }

    /** Bytes of memory that it takes. */
    public long weight() {
        return weight(size()) + retried * RETRIED;
    }

    public CallState state(int call) {
        return STATES[states[call] & STATE];
    }

    /** Whether an outcome is decided, seen by others or not. */
    public boolean isDecided(int call) {
        return (states[call] & DECIDED) != 0 || state(call).isFinal();
    }

    /** Attempts of which a worker has told what they came to. */
    public int attempts(int call) {
        return attempts[call];
    }

    /** Calls in a state. */
    public int count(CallState state) {
        return counts[state.code()];
    }

    /** Calls that have ended. */
    public int ended() {
        return count(CallState.SUCCESS) + count(CallState.ERROR) + count(CallState.CANCELLED);
    }

    /** The call is handed to an executor. */
    public void invoke(int call) {
        move(call, CallState.INVOKED);
    }

    /** An outcome of the call is decided. */
    public void decide(int call) {
        states[call] |= DECIDED;
    }

    /**
     * The same, where a worker has begun the call: it counts as running until its outcome is durable.
     *
     * @param invokedAfter milliseconds from the callset's creation to the invocation
     */
    public void decideBegun(int call, long invokedAfter) {
        if (state(call) == CallState.INVOKED) {
            move(call, CallState.RUNNING);
            // The place of the record, which it does not have yet, has room for it.
            offsets[call] = (int) Math.max(0, Math.min(Integer.MAX_VALUE, invokedAfter));
        }
        decide(call);
    }

    /** What {@link #decideBegun} was told of a call whose outcome is not durable yet. */
    public OptionalInt invokedAfter(int call) {
        return state(call) == CallState.RUNNING ? OptionalInt.of(offsets[call]) : OptionalInt.empty();
    }

    /** An attempt has ended, and the call is to be tried again. */
    public void tryAgain(int call, int attempt) {
        attempts[call] = (short) Math.max(attempts[call], attempt);
    }

    /** The log tells that calls {@code from} to {@code to}, exclusive, were sent. */
    void sent(int from, int to, int attempt, long send) {
        for (int call = from; call < to; call++) {
            if (!state(call).isFinal() && attempts[call] < attempt) {
                invoke(call);
                sent.put(call, new Sent(attempt, send));
            }
        }
    }

    /** The calls of which the log tells that they were sent, and nothing after it; they are told once. */
    public Map<Integer, Sent> takeSent() {
        Map<Integer, Sent> taken = Map.copyOf(sent);
        sent.clear();
        return taken;
    }

    private void forgetSent(int call) {
        if (!sent.isEmpty()) {
            sent.remove(call);
        }
    }

    /** The outcome of an attempt is durable, and the call is to be tried again. */
    public void keep(int call, int attempt, int segment, int offset) {
        tryAgain(call, attempt);
        forgetSent(call);
        retried++;
        earlier.computeIfAbsent(call, _ -> new ArrayList<>(1)).add(new Location(segment, offset));
    }

    /** The final outcome of the call is durable. */
    public void end(int call, int attempt, CallState outcome, int segment, int offset) {
        move(call, outcome);
        forgetSent(call);
        states[call] = (byte) outcome.code();
        attempts[call] = (short) Math.max(attempts[call], attempt);
        segments[call] = segment;
        offsets[call] = offset;
    }

    /** The calls of a run that have not ended are cancelled, durably. */
    public void cancel(int from, int to) {
        for (int call = from; call < to; call++) {
            if (!state(call).isFinal()) {
                end(call, attempts[call], CallState.CANCELLED, -1, 0);
            }
        }
    }

    /** Where the record of an ended call is; a cancelled one has none. */
    public Optional<Location> location(int call) {
        return state(call).isFinal() && segments[call] >= 0
                ? Optional.of(new Location(segments[call], offsets[call]))
                : Optional.empty();
    }

    /** Records of the attempts before the last, oldest first. */
    public List<Location> earlier(int call) {
        return List.copyOf(earlier.getOrDefault(call, List.of()));
    }

    /** The first call from {@code from} on that is in {@code state}. */
    public OptionalInt next(CallState state, int from) {
        for (int call = Math.max(0, from); call < states.length; call++) {
            if ((states[call] & STATE) == state.code()) {
                return OptionalInt.of(call);
            }
        }
        return OptionalInt.empty();
    }

    /** Writes what the log says of the calls; they have all ended. */
    void write(WireWriter out) {
        out.putRaw(states, 0, states.length);
        for (int call = 0; call < states.length; call++) {
            out.putInt(attempts[call]);
            out.putInt(segments[call]);
            out.putInt(offsets[call]);
        }
        out.putInt(earlier.size());
        earlier.forEach((call, places) -> {
            out.putInt(call);
            out.putInt(places.size());
            places.forEach(place -> {
                out.putInt(place.segment());
                out.putInt(place.offset());
            });
        });
    }

    /** Reads what {@link #write} has written of {@code size} calls. */
    static CallTable read(WireReader in, int size) throws WireException {
        CallTable table = new CallTable(size);
        table.counts[CallState.NEW.code()] = 0;
        for (int call = 0; call < size; call++) {
            CallState state = CallState.of(in.getByte());
            table.states[call] = (byte) state.code();
            table.counts[state.code()]++;
        }
        for (int call = 0; call < size; call++) {
            table.attempts[call] = (short) in.getInt();
            table.segments[call] = in.getInt();
            table.offsets[call] = in.getInt();
        }
        for (int left = in.getInt(); left > 0; left--) {
            int call = in.getInt();
            List<Location> places = new ArrayList<>(1);
            for (int more = in.getInt(); more > 0; more--) {
                places.add(new Location(in.getInt(), in.getInt()));
            }
            table.retried += places.size();
            table.earlier.put(call, places);
        }
        return table;
    }

    private void move(int call, CallState next) {
        CallState now = state(call);
        if (!now.canBecome(next)) {
            throw new IllegalStateException("call " + call + " cannot go from " + now + " to " + next);
        }
        counts[now.code()]--;
        counts[next.code()]++;
        states[call] = (byte) ((states[call] & ~STATE) | next.code());
    }
}
