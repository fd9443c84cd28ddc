package dev.wren.worker.run;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Calls of one callset that were handed over together. They are begun one by one, until none is left or the rest is
 * taken back. Safe for use by several threads: each call is either begun or taken back, and only once.
 */
public final class Chunk {

    private final Invocation invocation;
    private final byte[][] bodies;
    private final int[] calls;
    private final int[] attempts;
    private final int[] offsets;
    private final int[] lengths;
    private int next;
    private int end;
    private long preparedNanos;
    private BooleanSupplier mayBegin = () -> true;

    private Chunk(Invocation invocation, int size) {
        this.invocation = invocation;
        bodies = new byte[size][];
        calls = new int[size];
        attempts = new int[size];
        offsets = new int[size];
        lengths = new int[size];
        end = size;
    }

    /**
     * Reads the body of an {@link dev.wren.protocol.Frame#INVOKE}; the data stay where they are in it.
     *
     * @throws WireException when it is none
     */
    public static Chunk read(byte[] body) {
        WireReader in = new WireReader(body);
        Invocation invocation = Invocation.read(in);
        int size = in.getInt();
        if (size < 0 || size > in.remaining()) {
            throw new WireException("a chunk of " + size + " calls");
        }
        Chunk chunk = new Chunk(invocation, size);
        for (int i = 0; i < size; i++) {
            chunk.calls[i] = in.getInt();
            chunk.attempts[i] = in.getInt();
            chunk.lengths[i] = in.getInt();
            chunk.offsets[i] = in.position();
            chunk.bodies[i] = body;
            in.skip(chunk.lengths[i]);
        }
        return chunk;
    }

    /** Calls with their data, each in an array of its own. */
    public static Chunk of(Invocation invocation, int[] calls, int[] attempts, byte[][] data) {
        Chunk chunk = new Chunk(invocation, calls.length);
        for (int i = 0; i < calls.length; i++) {
            chunk.calls[i] = calls[i];
            chunk.attempts[i] = attempts[i];
            chunk.bodies[i] = data[i];
            chunk.lengths[i] = data[i].length;
        }
        return chunk;
    }

    /** Calls after the first are begun only while {@code more} holds. */
    public void beginWhile(BooleanSupplier more) {
        mayBegin = more;
    }

    /** How many calls have begun. */
    public synchronized int begun() {
        return next;
    }

    /** How long it took to have all that it needs on this machine. */
    public void preparedIn(long nanos) {
        preparedNanos = nanos;
    }

    long preparedNanos() {
        return preparedNanos;
    }

    /** What its calls have in common. */
    public Invocation invocation() {
        return invocation;
    }

    /** How many calls it was handed over with. */
    public int size() {
        return calls.length;
    }

    /** Begins the next call and returns its position, or -1 when none is left. */
    public synchronized int begin() {
        return next < end && (next == 0 || mayBegin.getAsBoolean()) ? next++ : -1;
    }

    /** Takes back the calls that have not begun, and returns their indexes. */
    public synchronized int[] takeBack() {
        int[] rest = Arrays.copyOfRange(calls, next, Math.max(next, end));
        end = next;
        return rest;
    }

    /** The index of the call at {@code position}. */
    public int call(int position) {
        return calls[position];
    }

    public int attempt(int position) {
        return attempts[position];
    }

    /** The array that holds the datum. */
    public byte[] data(int position) {
        return bodies[position];
    }

    /** Where in {@link #data} the datum begins. */
    public int offset(int position) {
        return offsets[position];
    }

    /** Bytes of the datum. */
    public int length(int position) {
        return lengths[position];
    }
}
