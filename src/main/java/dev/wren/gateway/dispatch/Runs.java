package dev.wren.gateway.dispatch;

import java.util.ArrayList;
import java.util.List;

/** Numbers in ascending order as pairs: the first of a run, and the one after its last. */
final class Runs {

    private Runs() {
    }

    /** No numbers. */
    static List<Integer> none() {
        return new ArrayList<>(2);
    }

    /** One more number, larger than all before. */
    static void add(List<Integer> runs, int number) {
        if (!runs.isEmpty() && runs.getLast() == number) {
            runs.set(runs.size() - 1, number + 1);
        } else {
            runs.add(number);
            runs.add(number + 1);
        }
    }
}
