package fn;

import java.util.function.Function;

/** Takes as many milliseconds as it is told, and gives them back. */
public class Sleep implements Function<Long, Long> {
    @Override
    public Long apply(Long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return millis;
    }
}
