package fn;

import fn.other.Part;
import java.util.function.Function;

/** Cannot even be loaded without a class of another package of its jar. */
public class ExtendsOther extends Part implements Function<Integer, String> {

    public ExtendsOther() {
        super(0);
    }

    @Override
    public String apply(Integer x) {
        return new Part(x).toString();
    }
}
