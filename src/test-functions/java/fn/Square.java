package fn;

import java.util.function.Function;

public class Square implements Function<Integer, Integer> {
    @Override
    public Integer apply(Integer x) {
        return Math.multiplyExact(x, x);
    }
}
