package fn;

import java.util.List;
import java.util.function.Function;

/** A generic super class, whose parameter the class below it decides. */
abstract class Base<A, B> implements Function<List<A>, B> {

    /** Public, in a class that is not. */
    public List<A> reversed(List<A> all) {
        return all.reversed();
    }
}
