package dev.wren.gateway.limits;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/** Bounds of a {@link DataSize} among settings, for which Bean Validation has no constraint. Null is valid. */
@Documented
@Constraint(validatedBy = ByteRange.Validator.class)
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER})
public @interface ByteRange {

    /** Bytes, at least. */
    long min() default 1;

    /** Bytes, at most. */
    long max() default Long.MAX_VALUE;

    /** What is said of a size outside of it. */
    String message() default "must be a size from {min} to {max} bytes";

    /** As each constraint has them. */
    Class<?>[] groups() default {};

    /** As each constraint has it. */
    Class<? extends Payload>[] payload() default {};

    /** Checks it. Safe for use by several threads. */
    final class Validator implements ConstraintValidator<ByteRange, DataSize> {

        private long min;
        private long max;

        @Override
        public void initialize(ByteRange range) {
            min = range.min();
            max = range.max();
        }

        @Override
        public boolean isValid(@Nullable DataSize size, ConstraintValidatorContext context) {
            return size == null || (size.toBytes() >= min && size.toBytes() <= max);
        }
    }
}
