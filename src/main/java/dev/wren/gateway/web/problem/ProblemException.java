package dev.wren.gateway.web.problem;

import java.io.Serial;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something that the caller is answered as an RFC 9457 problem. Features throw it, or their own kinds of it. */
public class ProblemException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final ProblemType type;
    private final String detail;
    private final transient List<FieldError> errors;
    private final transient Map<String, Object> properties = new LinkedHashMap<>();
    private @Nullable Duration retryAfter;

    public ProblemException(ProblemType type, String detail) {
        this(type, detail, List.of());
    }

    public ProblemException(ProblemType type, String detail, List<FieldError> errors) {
        super(detail);
        this.type = type;
        this.detail = detail;
        this.errors = List.copyOf(errors);
    }

    /** A problem with one field of the body. */
    public static ProblemException atPointer(ProblemType type, String pointer, String detail) {
        return new ProblemException(type, detail, List.of(new FieldError(pointer, null, detail)));
    }

    /** A problem with one query parameter or header. */
    public static ProblemException atParameter(ProblemType type, String parameter, String detail) {
        return new ProblemException(type, detail, List.of(new FieldError(null, parameter, detail)));
    }

    /** Adds a member to the problem's body, for example {@code line}. */
    public ProblemException with(String name, Object value) {
        properties.put(name, value);
        return this;
    }

    /** The same problem, with other errors. */
    public ProblemException withErrors(List<FieldError> others) {
        ProblemException same = new ProblemException(type, detail, others);
        same.properties.putAll(properties);
        same.retryAfter = retryAfter;
        same.initCause(this);
        return same;
    }

    /** Adds {@code Retry-After}; whole seconds, at least one. */
    public ProblemException retryAfter(Duration wait) {
        retryAfter = wait;
        return this;
    }

    public ProblemType type() {
        return type;
    }

    public String detail() {
        return detail;
    }

    public List<FieldError> errors() {
        return errors;
    }

    public Map<String, Object> properties() {
        return Map.copyOf(properties);
    }

    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    /**
     * What is wrong with one field.
     *
     * @param pointer RFC 6901, from the body's root; null for a parameter
     * @param parameter name of a query parameter or header; null for a field of the body
     * @param detail what is wrong and what is allowed
     */
    public record FieldError(@Nullable String pointer, @Nullable String parameter, String detail) {
    }
}
