package fn;

import java.math.BigDecimal;
import java.util.List;

/** Its datum is a {@code List<BigDecimal>}, by way of its super class. */
public class Inherited extends Base<BigDecimal, BigDecimal> {
    @Override
    public BigDecimal apply(List<BigDecimal> all) {
        return all.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
