package fn;

import com.amazonaws.services.lambda.runtime.Context;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Functions by the name of a method. */
public class Methods {

    private final String greeting = "hello ";

    public static int twice(int x) {
        return 2 * x;
    }

    public String greet(String name) {
        return greeting + name;
    }

    public Map<String, Object> told(String name, Map<String, Object> call) {
        call.put("name", name);
        return call;
    }

    public static String request(String name, Context context) {
        return name + " " + context.getAwsRequestId();
    }

    public void nothing(Object x) {
    }

    public static BigDecimal decimal(BigDecimal x) {
        return x;
    }

    public static BigInteger integer(BigInteger x) {
        return x;
    }

    public static double real(double x) {
        return x;
    }

    public static byte tiny(byte x) {
        return x;
    }

    public static byte[] bytes(byte[] x) {
        return x;
    }

    public static double[] reals(double[] x) {
        return x;
    }

    public static boolean flag(boolean x) {
        return x;
    }

    public static char letter(char x) {
        return x;
    }

    public static Optional<Integer> maybe(Optional<Integer> x) {
        return x.map(i -> i + 1);
    }

    public static Instant later(Instant t) {
        return t.plusSeconds(1);
    }

    public static Duration longer(Duration d) {
        return d.plusSeconds(1);
    }

    public static LocalDate tomorrow(LocalDate d) {
        return d.plusDays(1);
    }

    public static UUID uuid(UUID x) {
        return x;
    }

    public static <T> T generic(T x) {
        return x;
    }

    public static String varargs(String... all) {
        return String.join("+", all);
    }

    public static int checked(Checked c) {
        return c.x();
    }

    /** A record that refuses what its constructor does not like. */
    public record Checked(int x) {
        public Checked {
            if (x < 0) {
                throw new IllegalArgumentException("negative");
            }
        }
    }

    public static int same(int x) {
        return x;
    }

    public static String same(String x) {
        return x;
    }

    public static int none() {
        return 0;
    }

    public static int three(int a, int b, int c) {
        return a + b + c;
    }

    public static String wrongSecond(String a, Integer b) {
        return a + b;
    }

    static int hidden(int x) {
        return x;
    }
}
