package fn;

import java.util.Map;
import java.util.function.BiFunction;

/** Gives back what it is told of its call. */
public class Told implements BiFunction<Object, Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> apply(Object datum, Map<String, Object> call) {
        call.put("datum", datum);
        return call;
    }
}
