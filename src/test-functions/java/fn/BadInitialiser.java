package fn;

import java.util.function.Function;

public class BadInitialiser implements Function<Integer, Integer> {

    private static final int VALUE = Integer.parseInt("nonsense");

    @Override
    public Integer apply(Integer x) {
        return x + VALUE;
    }

    public static int method(int x) {
        return x + VALUE;
    }
}
