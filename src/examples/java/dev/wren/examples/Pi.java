package dev.wren.examples;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Estimates π by throwing points at a square and counting those that fall into its circle. */
public class Pi implements Function<Pi.Throws, Pi.Hits> {

    /**
     * One datum.
     *
     * @param seed of the random numbers: the same seed gives the same hits
     * @param count points to throw
     */
    public record Throws(long seed, int count) {
    }

    /** One result: how many of how many were in the circle. */
    public record Hits(long hits, long count) {
    }

    @Override
    public Hits apply(Throws datum) {
        SplittableRandom random = new SplittableRandom(datum.seed());
        long hits = 0;
        for (int i = 0; i < datum.count(); i++) {
            double x = random.nextDouble();
            double y = random.nextDouble();
            if (x * x + y * y < 1) {
                hits++;
            }
        }
        return new Hits(hits, datum.count());
    }

    /** Reduces all results to the estimate. */
    public static double estimate(List<Hits> results) {
        long hits = 0;
        long count = 0;
        for (Hits result : results) {
            hits += result.hits();
            count += result.count();
        }
        return count == 0 ? Double.NaN : 4.0 * hits / count;
    }
}
