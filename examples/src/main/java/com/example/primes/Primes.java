package com.example.primes;

import dev.wren.client.ResponseFuture;
import dev.wren.client.WrenExecutor;
import java.util.List;
import java.util.stream.IntStream;

/** Counts primes elsewhere: a lambda of this program over ranges of numbers. */
public final class Primes {

    private static final int LIMIT = 2_000_000;

    private Primes() {
    }

    public static void main(String[] arguments) {
        int width = 100_000;
        List<Integer> starts = IntStream.range(0, LIMIT / width).map(i -> i * width).boxed().toList();
        // Gateway and key: WREN_URL and WREN_KEY, or wren.properties; else http://localhost:8080.
        try (WrenExecutor executor = WrenExecutor.connect()) {
            List<ResponseFuture<Integer>> futures = executor.map(start -> primes(start, start + width), starts);
            List<Integer> counts = executor.getAllResults(futures);
            System.out.println("Primes in each " + width + " numbers: " + counts);
            ResponseFuture<Integer> sum = executor.reduce(all -> all.stream().mapToInt(count -> count).sum(), futures);
            System.out.println("Primes below " + LIMIT + ": " + sum.result());
        }
    }

    private static int primes(int from, int to) {
        return (int) IntStream.range(Math.max(from, 2), to)
                .filter(n -> IntStream.rangeClosed(2, (int) Math.sqrt(n)).noneMatch(divisor -> n % divisor == 0))
                .count();
    }
}
