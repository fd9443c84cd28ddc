package fn;

import java.util.List;
import java.util.Map;

/** Methods that only their descriptors tell apart, or that only a descriptor reaches. */
class Named {

    private int calls;

    static String kind(int x) {
        return "int";
    }

    static String kind(String x) {
        return "text";
    }

    private static int plus(int more, List<Integer> factors, int x) {
        return more + factors.get(0) * x;
    }

    private int count(int x) {
        return ++calls * x;
    }

    static String whose(String prefix, int x, Map<String, Object> call) {
        return prefix + call.get("callId") + x;
    }

    /** A datum that has what is asked for. */
    record Point(int x, int y) {

        int sum() {
            return x + y;
        }

        Point plus(int more) {
            return new Point(x + more, y);
        }
    }

    /** Without a constructor of no parameters. */
    static final class Closed {

        Closed(int x) {
        }

        int apply(int x) {
            return x;
        }
    }
}
