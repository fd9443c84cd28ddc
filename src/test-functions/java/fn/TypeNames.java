package fn;

import java.util.List;
import java.util.function.Function;

/** The classes that untyped values are bound to. */
public class TypeNames implements Function<List<Object>, List<String>> {
    @Override
    public List<String> apply(List<Object> values) {
        return values.stream().map(v -> v == null ? "null" : v.getClass().getSimpleName()).toList();
    }
}
