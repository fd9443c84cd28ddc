package fn;

import java.util.function.Function;

/** Counts its calls: what a JVM remembers from one to the next. */
public class Counter implements Function<Integer, Integer> {

    private static int calls;

    @Override
    public Integer apply(Integer by) {
        calls += by;
        return calls;
    }
}
