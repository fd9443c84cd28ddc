package fn;

import java.util.function.Function;

class Alone implements Function<Integer, Integer> {
    @Override
    public Integer apply(Integer x) {
        return x;
    }
}
