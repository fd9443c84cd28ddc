package dev.wren.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** What travels, and as what; what does not, and why. */
class FunctionCodeTest {

    private static final String HERE = FunctionCodeTest.class.getName();
    private static final JsonMapper JSON = JsonMapper.builder().findAndAddModules().build();

    private final int field = 3;

    static FunctionCode of(RemoteFunction<?, ?> function) {
        return FunctionCode.of(function, null, JSON);
    }

    record Point(int x, int y) {

        int sum() {
            return x + y;
        }

        static List<Point> line(int length) {
            return List.of(new Point(0, length));
        }
    }

    enum Unit {
        METRE {
            @Override
            int factor() {
                return 1;
            }
        };

        abstract int factor();
    }

    static final class Squares {
        int square(int x) {
            return x * x;
        }
    }

    /** Cannot be made by a worker. */
    record Scale(int by) {
        int scaled(int x) {
            return by * x;
        }
    }

    static final class Named implements RemoteFunction<Integer, Integer> {
        private static final long serialVersionUID = 1L;

        @Override
        public Integer apply(Integer x) {
            return x;
        }
    }

    /** Without equals(), and JSON that says all of it. */
    public static final class Bean {
        public int value = 7;
    }

    static int square(int x) {
        return x * x;
    }

    static String told(int x, Map<String, Object> call) {
        return x + " of " + call.get("callId");
    }

    static CompletableFuture<Point> later(int x) {
        return CompletableFuture.completedFuture(new Point(x, x));
    }

    static <T> T same(T x) {
        return x;
    }

    @Test
    void references_to_methods_are_named_by_class_method_and_descriptor() {
        assertThat(of((RemoteFunction<Integer, Integer>) FunctionCodeTest::square).handler())
                .isEqualTo(HERE + "::square(I)I");
        assertThat(of((RemoteFunction<Point, Integer>) Point::x).handler()).isEqualTo(HERE + "$Point::x()I");
        assertThat(of((RemoteFunction<Point, Integer>) Point::sum).handler()).isEqualTo(HERE + "$Point::sum()I");
        assertThat(of((RemoteFunction<String, Integer>) Integer::parseInt).handler())
                .isEqualTo("java.lang.Integer::parseInt(Ljava/lang/String;)I");
        assertThat(of((RemoteFunction<List<Integer>, Integer>) List::size).handler())
                .isEqualTo("java.util.List::size()I");
        assertThat(of(RemoteFunction.instance(Squares::square)).handler()).isEqualTo(HERE + "$Squares::square(I)I");
        assertThat(of(RemoteFunction.withCall(FunctionCodeTest::told)).handler())
                .isEqualTo(HERE + "::told(ILjava/util/Map;)Ljava/lang/String;");
        assertThat(of(RemoteFunction.named("a.B::c", String.class)).handler()).isEqualTo("a.B::c");
        assertThat(of((RemoteFunction<Integer, Integer>) x -> x + 1)).satisfies(code -> {
            assertThat(code.handler())
                    .matches(HERE.replace(".", "\\.") + "::lambda\\$.*\\(Ljava/lang/Integer;\\)Ljava/lang/Integer;");
            assertThat(code.arguments()).isEqualTo("[]");
            assertThat(code.type()).isEqualTo(FunctionCodeTest.class);
        });
    }

    @Test
    void values_are_bound_to_what_methods_declare() {
        assertThat(of((RemoteFunction<Integer, List<Point>>) Point::line).value().toCanonical())
                .isEqualTo("java.util.List<" + HERE + "$Point>");
        assertThat(of((RemoteFunction<Integer, Object>) FunctionCodeTest::later).value().getRawClass())
                .isEqualTo(Point.class);
        assertThat(of((RemoteFunction<Integer, Point>) x -> new Point(x, x)).value().getRawClass())
                .isEqualTo(Point.class);
        assertThat(of((RemoteFunction<String, String>) FunctionCodeTest::same).value().getRawClass())
                .isEqualTo(String.class);
        assertThat(
                FunctionCode.of((RemoteFunction<Integer, List<Point>>) x -> Point.line(x), Point[].class, JSON).value()
                        .getRawClass())
                .isEqualTo(Point[].class);
    }

    private static Arguments travels(RemoteFunction<Integer, ?> function, String arguments) {
        return Arguments.of(function, arguments);
    }

    static Stream<Arguments> captured() {
        int number = 5;
        long large = 1L << 60;
        double real = 2.5;
        char letter = 'x';
        String text = "ä\"";
        BigDecimal exact = new BigDecimal("1.50");
        Unit unit = Unit.METRE;
        DayOfWeek day = DayOfWeek.FRIDAY;
        Point point = new Point(1, 2);
        Duration duration = Duration.ofMinutes(1);
        List<String> texts = List.of("a", "b");
        Map<String, Integer> counts = Map.of("a", 1);
        int[] numbers = {1, 2};
        Bean bean = new Bean();
        String nothing = null;
        return Stream.of(travels(x -> x + number, "[5]"), travels(x -> x + large, "[1152921504606846976]"),
                travels(x -> x + real, "[2.5]"), travels(x -> x + letter, "[\"x\"]"),
                travels(x -> text + x, "[\"ä\\\"\"]"),
                travels(x -> exact.add(BigDecimal.ONE), "[1.50]"), travels(x -> unit.factor() * x, "[\"METRE\"]"),
                travels(x -> day.plus(x), "[\"FRIDAY\"]"), travels(x -> point.sum() + x, "[{\"x\":1,\"y\":2}]"),
                travels(x -> duration.multipliedBy(x), "[\"PT1M\"]"), travels(x -> texts.get(x), "[[\"a\",\"b\"]]"),
                travels(x -> counts.get("a") + x, "[{\"a\":1}]"), travels(x -> numbers[x], "[[1,2]]"),
                travels(x -> bean.value + x, "[{\"value\":7}]"), travels(x -> nothing + x, "[null]"),
                travels(x -> text + number + large + x, "[\"ä\\\"\",5,1152921504606846976]"));
    }

    @ParameterizedTest
    @MethodSource
    void captured(RemoteFunction<Integer, ?> function, String arguments) {
        FunctionCode code = of(function);
        assertThat(JSON.readTree(code.arguments())).isEqualTo(JSON.readTree(arguments));
        assertThat(code.handler()).contains("(");
    }

    private static Arguments refused(RemoteFunction<Integer, ?> function, String... why) {
        return Arguments.of(function, List.of(why));
    }

    Stream<Arguments> ofThis() {
        return Stream.of(
                refused(x -> x + field + hashCode(), "field or a method of the object", HERE, "local variable"),
                refused(new RemoteFunction<>() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public Integer apply(Integer x) {
                        return x;
                    }
                }, "anonymous class", "lambda"));
    }

    static Stream<Arguments> refused() {
        InputStream stream = new ByteArrayInputStream(new byte[0]);
        AtomicInteger counter = new AtomicInteger();
        Thread thread = new Thread();
        Object anything = new Object();
        Function<Integer, Integer> function = x -> x;
        List<Point> points = List.of(new Point(1, 2));
        List<Long> longs = List.of(1L);
        List<Double> doubles = List.of(1.5);
        Map<Unit, String> units = Map.of(Unit.METRE, "m");
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        StringBuilder collected = new StringBuilder();
        Map<String, @Nullable Object> mixed = new HashMap<>();
        mixed.put("point", new Point(1, 2));
        Scale scale = new Scale(2);
        return Stream.concat(new FunctionCodeTest().ofThis(), Stream.of(
                refused(x -> stream.available() + x, "stream", "ByteArrayInputStream", "travel"),
                refused(x -> counter.addAndGet(x), "counter", "AtomicInteger", "add it up here"),
                refused(x -> thread.getName() + x, "thread", "java.lang.Thread"),
                refused(x -> anything.toString() + x, "anything", "java.lang.Object"),
                refused(x -> function.apply(x), "function"),
                refused(x -> points.get(x).sum(), "points", "something else", "records"),
                refused(x -> longs.get(x) + 1, "longs"), refused(x -> doubles.get(x) + 1, "doubles"),
                refused(x -> units.get(Unit.METRE) + x, "units"), refused(x -> cycle.get(x), "cycle"),
                refused(x -> collected.append(x).toString(), "collected", "StringBuilder"),
                refused(x -> mixed.get("point") + "" + x, "mixed"),
                refused(scale::scaled, "scaled", "one object", "Scale", "RemoteFunction.instance"),
                refused(Scale::new, "constructor", "x -> new Scale(x)"), refused(new Named(), "Named", "::apply"),
                refused(RemoteFunction.instance(Scale::scaled), "Scale", "no constructor without parameters"),
                refused(RemoteFunction.instance((Squares squares, Integer x) -> squares.square(x)), "instance",
                        "lambda"),
                refused(RemoteFunction.withCall((Integer x, Map<String, Object> call) -> stream + "" + call + x),
                        "stream")));
    }

    @ParameterizedTest
    @MethodSource
    void refused(RemoteFunction<Integer, ?> function, List<String> why) {
        assertThatThrownBy(() -> of(function)).isInstanceOf(IllegalArgumentException.class)
                .message().contains(why);
    }

    @Test
    void there_are_more_than_twenty() {
        assertThat(captured().count() + refused().count()).isGreaterThanOrEqualTo(36);
    }
}
