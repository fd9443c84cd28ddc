package fn;

import java.util.function.Function;

public abstract class Unfinished implements Function<Integer, Integer> {
}
