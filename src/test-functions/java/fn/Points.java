package fn;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Records in, records out. */
public class Points implements Function<Points.Point, Points.Moved> {

    public enum Way {
        LEFT,
        RIGHT;

        @Override
        public String toString() {
            return "to the " + name();
        }
    }

    public record Point(int x, long y, Way way, Optional<String> name, List<Integer> tags) {
    }

    public record Moved(Point from, Point to, double distance) {
    }

    @Override
    public Moved apply(Point p) {
        int by = p.way() == Way.LEFT ? -1 : 1;
        return new Moved(p, new Point(p.x() + by, p.y(), p.way(), p.name(), p.tags()), 1);
    }
}
