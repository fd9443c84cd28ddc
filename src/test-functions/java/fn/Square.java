package fn;

import java.util.function.Function;

public class Square implements Function<Integer, Integer> {

    @Override
    public Integer apply(Integer n) {
        return n * n;
    }
}
