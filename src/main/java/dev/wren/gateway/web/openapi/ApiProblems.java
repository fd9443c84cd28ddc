package dev.wren.gateway.web.openapi;

import static dev.wren.gateway.web.problem.ProblemType.DAMAGED;
import static dev.wren.gateway.web.problem.ProblemType.EXECUTOR_NOT_READY;
import static dev.wren.gateway.web.problem.ProblemType.GONE;
import static dev.wren.gateway.web.problem.ProblemType.IDEMPOTENCY_KEY_REUSED;
import static dev.wren.gateway.web.problem.ProblemType.IN_PROGRESS;
import static dev.wren.gateway.web.problem.ProblemType.NOT_ACCEPTABLE;
import static dev.wren.gateway.web.problem.ProblemType.NOT_FOUND;
import static dev.wren.gateway.web.problem.ProblemType.TOO_MANY;
import static dev.wren.gateway.web.problem.ProblemType.UNAVAILABLE;

import dev.wren.gateway.web.problem.ProblemType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;

/** What an operation may be answered with besides its own answers, for the specification. Each operation has one. */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface ApiProblems {

    /** Problems, besides those of all operations and of {@link #groups}. */
    ProblemType[] value() default {};

    /** Problems that operations of a kind have in common. */
    Group[] groups() default {};

    /** Whether an answer has an ETag, so that it may be 304. */
    boolean tagged() default false;

    /** Whether the answer is any JSON at all, which has no type. */
    boolean anyJson() default false;

    /** Kinds of operations. */
    @SuppressWarnings("ImmutableEnumChecker") // The list cannot be changed.
    enum Group {
        /** It reads something of one callset or jar. */
        READS(NOT_FOUND, NOT_ACCEPTABLE, DAMAGED, UNAVAILABLE),
        /** It makes a callset. */
        SUBMITS(NOT_ACCEPTABLE, EXECUTOR_NOT_READY, IN_PROGRESS, GONE, IDEMPOTENCY_KEY_REUSED, TOO_MANY, DAMAGED,
                UNAVAILABLE);

        private final List<ProblemType> problems;

        Group(ProblemType... problems) {
            this.problems = List.of(problems);
        }

        List<ProblemType> problems() {
            return problems;
        }
    }
}
