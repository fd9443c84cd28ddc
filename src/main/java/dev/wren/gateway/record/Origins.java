package dev.wren.gateway.record;

import java.util.Arrays;

/**
 * Which calls of another callset the calls of this one are, in ascending order; kept as runs, since those that failed
 * mostly lie side by side. Never changes.
 */
public final class Origins {

    public static final Origins NONE = new Origins(0, new int[0]);

    private final int sizeOfOrigin;
    /** Pairs: the first call of a run, and the one after its last. */
    private final int[] runs;
    /** How many calls lie before each run. */
    private final int[] before;

    private Origins(int sizeOfOrigin, int[] runs) {
        this.sizeOfOrigin = sizeOfOrigin;
        this.runs = runs;
        this.before = new int[runs.length / 2];
        for (int i = 1; i < before.length; i++) {
            before[i] = before[i - 1] + runs[2 * i - 1] - runs[2 * i - 2];
        }
    }

    /**
     * From pairs of where runs begin and end; the array is copied.
     *
     * @param sizeOfOrigin calls of the other callset
     */
    public static Origins of(int sizeOfOrigin, int[] runs) {
        return runs.length == 0 ? NONE : new Origins(sizeOfOrigin, runs.clone());
    }

    /** Calls of the other callset. */
    public int sizeOfOrigin() {
        return sizeOfOrigin;
    }

    /** The pairs of {@link #of}. */
    public int[] runs() {
        return runs.clone();
    }

    /** Bytes of memory that they take. */
    public long weight() {
        return 64 + 6L * runs.length;
    }

    /** Number of calls. */
    public int size() {
        return before.length == 0 ? 0 : before[before.length - 1] + runs[runs.length - 1] - runs[runs.length - 2];
    }

    /** The other callset's call that the call {@code index} of this one is. */
    public int of(int index) {
        int found = Arrays.binarySearch(before, index);
        int run = found >= 0 ? found : -found - 2;
        return runs[2 * run] + index - before[run];
    }

    /** Collects calls in ascending order. Used by one thread. */
    public static final class Builder {

        private final int sizeOfOrigin;
        private int[] runs = new int[16];
        private int length;

        public Builder(int sizeOfOrigin) {
            this.sizeOfOrigin = sizeOfOrigin;
        }

        public void add(int call) {
            if (length > 0 && runs[length - 1] == call) {
                runs[length - 1]++;
                return;
            }
            if (length == runs.length) {
                runs = Arrays.copyOf(runs, length * 2);
            }
            runs[length++] = call;
            runs[length++] = call + 1;
        }

        public Origins build() {
            return of(sizeOfOrigin, Arrays.copyOf(runs, length));
        }
    }
}
