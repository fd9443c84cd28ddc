package fn;

import java.util.function.Function;

/** Reads an environment variable. */
public class Env implements Function<String, String> {
    @Override
    public String apply(String name) {
        return System.getenv(name);
    }
}
