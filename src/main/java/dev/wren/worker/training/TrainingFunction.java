package dev.wren.worker.training;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Has a little of everything that users' functions have. */
public final class TrainingFunction implements Function<TrainingFunction.Order, TrainingFunction.Receipt> {

    public enum Kind {
        SMALL,
        LARGE
    }

    public record Line(String what, int count, BigDecimal price) {
    }

    public record Order(String id, Kind kind, List<Line> lines, Instant at, Optional<String> note, double weight) {
    }

    public record Receipt(String id, BigDecimal sum, Map<String, Integer> counts, Instant at, Optional<String> note,
            List<Line> lines, long number, boolean paid) {
    }

    @Override
    public Receipt apply(Order order) {
        BigDecimal sum = order.lines().stream().map(line -> line.price().multiply(BigDecimal.valueOf(line.count())))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        return new Receipt(order.id(), sum, Map.of("lines", order.lines().size()), order.at(), order.note(),
                order.lines(), 1L << 40, true);
    }

    public static Object untyped(Object value, Map<String, Object> call) {
        call.put("value", value);
        return call;
    }

    public static int square(int x) {
        return x * x;
    }

    public static void print(String text) {
        System.out.println(text);
    }

    public static int fail(String why) {
        throw new IllegalArgumentException(why);
    }
}
