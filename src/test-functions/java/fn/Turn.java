package fn;

import java.util.function.Function;

/** Enums. */
public class Turn implements Function<Points.Way, Points.Way> {
    @Override
    public Points.Way apply(Points.Way way) {
        return way == Points.Way.LEFT ? Points.Way.RIGHT : Points.Way.LEFT;
    }
}
