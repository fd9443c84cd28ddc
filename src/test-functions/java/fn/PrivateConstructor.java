package fn;

import java.util.function.Function;

public final class PrivateConstructor implements Function<Integer, Integer> {

    private PrivateConstructor() {
    }

    @Override
    public Integer apply(Integer x) {
        return x;
    }
}
