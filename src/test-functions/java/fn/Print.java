package fn;

import java.util.function.Function;

/** Writes that many bytes to standard output, in lines of 100 with their number. */
public class Print implements Function<Integer, Integer> {
    @Override
    public Integer apply(Integer bytes) {
        int left = bytes;
        for (int line = 0; left > 0; line++) {
            String text = String.format("%-99d%n", line);
            System.out.print(left >= 100 ? text : text.substring(0, left));
            left -= 100;
        }
        return bytes;
    }
}
