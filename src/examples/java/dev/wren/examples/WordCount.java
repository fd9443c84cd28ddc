package dev.wren.examples;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Counts words: map a text to its counts, then reduce all counts to one. */
public final class WordCount {

    private WordCount() {
    }

    /** The map: words of one text, lower case, and how often each is there. */
    public static Map<String, Integer> count(String text) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
            if (!word.isEmpty()) {
                counts.merge(word, 1, Integer::sum);
            }
        }
        return counts;
    }

    /** The reduce: all counts added up. */
    public static Map<String, Integer> sum(List<Map<String, Integer>> results) {
        Map<String, Integer> sums = new TreeMap<>();
        results.forEach(counts -> counts.forEach((word, count) -> sums.merge(word, count, Integer::sum)));
        return sums;
    }
}
