package fn;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** A map as a value. */
public class WordCount implements Function<String, Map<String, Integer>> {
    @Override
    public Map<String, Integer> apply(String text) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String word : text.split(" ")) {
            counts.merge(word, 1, Integer::sum);
        }
        return counts;
    }
}
