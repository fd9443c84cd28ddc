package fn;

import java.util.List;
import java.util.function.Function;

/** A list of records. */
public class SumPoints implements Function<List<Points.Point>, Long> {
    @Override
    public Long apply(List<Points.Point> points) {
        return points.stream().mapToLong(p -> p.x() + p.y()).sum();
    }
}
