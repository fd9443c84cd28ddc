package dev.wren.worker;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import java.util.Arrays;

/**
 * Calls of one callset that were handed over together. They are begun one by one, until none is left or the rest is
 * taken back. Safe for use by several threads: each call is either begun or taken back, and only once.
 */
final class Chunk {

    private final Invocation invocation;
    private final byte[] body;
    private final int[] calls;
    private final int[] attempts;
    private final int[] offsets;
    private final int[] lengths;
    private int next;
    private int end;

    private Chunk(Invocation invocation, byte[] body, int size) {
        this.invocation = invocation;
        this.body = body;
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
    static Chunk read(byte[] body) {
        WireReader in = new WireReader(body);
        Invocation invocation = Invocation.read(in);
        int size = in.getInt();
        if (size < 0 || size > in.remaining()) {
            throw new WireException("a chunk of " + size + " calls");
        }
        Chunk chunk = new Chunk(invocation, body, size);
        for (int i = 0; i < size; i++) {
            chunk.calls[i] = in.getInt();
            chunk.attempts[i] = in.getInt();
            chunk.lengths[i] = in.getInt();
            chunk.offsets[i] = in.position();
            in.skip(chunk.lengths[i]);
        }
        return chunk;
    }

    Invocation invocation() {
        return invocation;
    }

    /** How many calls it was handed over with. */
    int size() {
        return calls.length;
    }

    /** Begins the next call and returns its position, or -1 when none is left. */
    synchronized int begin() {
        return next < end ? next++ : -1;
    }

    /** Takes back the calls that have not begun, and returns their indexes. */
    synchronized int[] takeBack() {
        int[] rest = Arrays.copyOfRange(calls, next, Math.max(next, end));
        end = next;
        return rest;
    }

    /** The index of the call at {@code position}. */
    int call(int position) {
        return calls[position];
    }

    int attempt(int position) {
        return attempts[position];
    }

    /** The array that holds the data. */
    byte[] data() {
        return body;
    }

    int offset(int position) {
        return offsets[position];
    }

    int length(int position) {
        return lengths[position];
    }
}
