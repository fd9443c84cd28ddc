package dev.wren.worker.binding;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.core.util.JsonGeneratorDelegate;

/**
 * Refuses the floating-point values that JSON has no number for. Jackson writes them as strings, or bare; neither is
 * what the function returned. They pass here wherever they are: boxed, in arrays, in records.
 */
final class FiniteGenerator extends JsonGeneratorDelegate {

    FiniteGenerator(JsonGenerator target) {
        super(target, false);
    }

    @Override
    public JsonGenerator writeNumber(double v) {
        check(v);
        return super.writeNumber(v);
    }

    @Override
    public JsonGenerator writeNumber(float v) {
        check(v);
        return super.writeNumber(v);
    }

    @Override
    public JsonGenerator writeArray(double[] array, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            check(array[i]);
        }
        return super.writeArray(array, offset, length);
    }

    private void check(double v) {
        if (!Double.isFinite(v)) {
            throw new StreamWriteException(this, "JSON has no number for " + v);
        }
    }
}
