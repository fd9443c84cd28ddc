package dev.wren.gateway.dispatch;

import dev.wren.gateway.record.CallTable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Which calls of a callset go next: first those that were sent before, then the others in order. Not safe for use by
 * several threads: whoever uses it holds the callset's lock.
 */
final class Pending {

    private final CallTable table;
    private final ArrayDeque<Integer> again = new ArrayDeque<>();
    /** Calls that are not to be sent when their turn comes: they were sent before. */
    private final BitSet leftOut = new BitSet();
    /** Calls that are to be the only ones of their chunk. */
    private final BitSet alone = new BitSet();
    private int cursor;

    Pending(CallTable table) {
        this.table = table;
    }

    /** Whether {@link #take} would give something. */
    boolean isEmpty() {
        skipDecided();
        return again.isEmpty() && cursor >= table.size();
    }

    /** Calls that wait, at most: some may be decided already. */
    int size() {
        return again.size() + table.size() - cursor;
    }

    /** The call is to be sent once more, before the others. */
    void addFirst(int call) {
        if (!table.isDecided(call)) {
            again.addFirst(call);
        }
    }

    /** The call is to be sent once more, after others that are. */
    void addLast(int call) {
        if (!table.isDecided(call)) {
            again.addLast(call);
        }
    }

    /** From now on the call is sent alone: those that it was sent with may have suffered from it, or it from them. */
    void separate(int call) {
        alone.set(call);
    }

    /** The call was sent before a restart: it is sent again only when it is added. Before anything is taken. */
    void leaveOut(int call) {
        leftOut.set(call);
    }

    /** The next calls, at most {@code count} of them, in ascending order. */
    int[] take(int count) {
        int[] calls = new int[Math.min(count, again.size())];
        int n = 0;
        while (n < calls.length && !again.isEmpty()) {
            if (n > 0 && alone.get(again.getFirst())) {
                break;
            }
            int call = again.removeFirst();
            if (!table.isDecided(call)) {
                calls[n++] = call;
                if (alone.get(call)) {
                    break;
                }
            }
        }
        if (n > 0) {
            int[] repeated = Arrays.copyOf(calls, n);
            Arrays.sort(repeated);
            return repeated;
        }
        skipDecided();
        int first = cursor;
        while (cursor < table.size() && cursor - first < count && !isPassedOver(cursor)) {
            cursor++;
        }
        int[] fresh = new int[cursor - first];
        Arrays.setAll(fresh, i -> first + i);
        return fresh;
    }

    private void skipDecided() {
        while (!again.isEmpty() && table.isDecided(again.getFirst())) {
            again.removeFirst();
        }
        while (cursor < table.size() && isPassedOver(cursor)) {
            cursor++;
        }
    }

    private boolean isPassedOver(int call) {
        return table.isDecided(call) || leftOut.get(call);
    }
}
