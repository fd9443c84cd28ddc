package fn;

import java.util.Map;

/** Says how large a datum is. */
public class Length {

    public static int of(String text) {
        return text.length();
    }

    public static int in(Map<String, String> texts) {
        return texts.values().stream().mapToInt(String::length).sum();
    }
}
