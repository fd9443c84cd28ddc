package fn;

import java.util.function.Function;

/** A value of that many bytes of JSON. */
public class Large implements Function<Integer, String> {
    @Override
    public String apply(Integer bytes) {
        return "x".repeat(bytes - 2);
    }
}
