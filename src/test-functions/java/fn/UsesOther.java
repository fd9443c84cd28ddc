package fn;

import fn.other.Part;
import java.util.function.Function;

/** Needs a class of another package of its jar. */
public class UsesOther implements Function<Integer, String> {
    @Override
    public String apply(Integer x) {
        return new Part(x).toString();
    }
}
