package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.HeapUse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the cache of handlers that were found to be right believes that its keys weigh, beside the heap. */
@Isolated
class CheckedWeightTest {

    @ParameterizedTest
    @CsvSource({"10, 0", "1000, 0", "10, 100"})
    void a_checked_handler_weighs_what_it_takes(int handler, int excluded) {
        List<FunctionCheck.Checked> made = new ArrayList<>();
        long taken = HeapUse.of(() -> {
            for (int i = 0; i < 5000; i++) {
                String each = i + "x";
                made.add(new FunctionCheck.Checked(List.of(each + "0".repeat(64)), each + "h".repeat(handler), 0,
                        IntStream.range(0, excluded).mapToObj(n -> each + n).toList()));
            }
            return made;
        });
        long weight = made.stream().mapToLong(FunctionCheck.Checked::weight).sum();
        assertThat((double) taken / weight).as("%d bytes are taken, and %d weighed", taken, weight).isBetween(0.2, 1.1);
    }
}
