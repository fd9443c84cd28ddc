package fn;

import java.util.function.Function;

/** Gives back what it gets, untyped. */
public class Echo implements Function<Object, Object> {
    @Override
    public Object apply(Object x) {
        return x;
    }
}
