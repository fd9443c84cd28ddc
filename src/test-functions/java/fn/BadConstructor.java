package fn;

import java.util.function.Function;

public class BadConstructor implements Function<Integer, Integer> {

    public BadConstructor() {
        System.out.println("constructing");
        throw new IllegalStateException("no luck");
    }

    @Override
    public Integer apply(Integer x) {
        return x;
    }
}
