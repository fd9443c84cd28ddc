package dev.wren.gateway.record;

/**
 * How many errors a callset tolerates: a number, or a share of its size.
 *
 * @param amount calls, at least 0; or per cent, 0 to 100
 * @param percent whether {@code amount} is per cent
 */
public record ToleratedFailures(double amount, boolean percent) {

    /** Whether {@code errors} of {@code size} calls are more than tolerated. */
    public boolean exceededBy(int errors, int size) {
        return errors > (percent ? size * amount / 100 : amount);
    }
}
