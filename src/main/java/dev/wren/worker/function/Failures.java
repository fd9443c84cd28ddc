package dev.wren.worker.function;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.worker.binding.JacksonTrouble;
import dev.wren.worker.binding.ValueBuffer;
import dev.wren.worker.loader.JarLoader;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;

/** Turns what was thrown into what callers are told. */
final class Failures {

    /** Jackson tells developers which switch to flip; whoever reads this cannot. */
    private static final Pattern ADVICE = Pattern
            .compile(" \\((?:set|disable|enable|but|for) [^()]*\\)|: not allowed as per .*|, not marked as ignorable.*"
                    + "|: not allowed to deserialize Enum value out of number.*", Pattern.DOTALL);
    private static final int PATH_LIMIT = 16;
    private static final int CAUSES = 16;

    private Failures() {
    }

    /** The function threw. */
    static CallError ofFunction(Throwable thrown) {
        if (thrown instanceof ValueBuffer.FullException) {
            // It writes its value itself.
            return CallError.of(ErrorCode.RUNTIME, StackTraces.message(thrown));
        }
        return of(ErrorCode.FUNCTION, thrown);
    }

    /** The function could not be made ready. */
    static CallError ofSetup(Throwable thrown, JarLoader loader) {
        if (isExcluded(thrown, loader)) {
            return of(ErrorCode.FUNCTION, thrown);
        }
        if (thrown instanceof NoSuchHandlerException) {
            return CallError.of(ErrorCode.RUNTIME, StackTraces.message(thrown));
        }
        if (thrown instanceof ExceptionInInitializerError && thrown.getCause() != null) {
            return of(ErrorCode.RUNTIME, thrown.getCause());
        }
        return of(ErrorCode.RUNTIME, thrown);
    }

    /** The datum could not be bound. */
    static CallError ofDatum(Throwable thrown) {
        if (thrown instanceof StackOverflowError) {
            return CallError.of(ErrorCode.RUNTIME, "the datum is nested too deep to be bound");
        }
        return ofJson("the datum cannot be bound: ", thrown);
    }

    /** The value could not be written. */
    static CallError ofValue(Throwable thrown, ValueBuffer out) {
        if (out.isFull()) {
            return CallError.of(ErrorCode.RUNTIME,
                    "the value is larger than the limit of " + out.limit() + " bytes of JSON");
        }
        if (thrown instanceof StackOverflowError) {
            return CallError.of(ErrorCode.RUNTIME, "the value is nested too deep, or a circle");
        }
        return ofJson("the value cannot be written as JSON: ", thrown);
    }

    private static CallError of(ErrorCode code, Throwable thrown) {
        return new CallError(code, thrown.getClass().getName(), StackTraces.message(thrown), StackTraces.of(thrown));
    }

    private static CallError ofJson(String what, Throwable thrown) {
        // AWS's binding wraps what its Jackson throws.
        Throwable cause = thrown.getCause();
        Throwable told = thrown instanceof UncheckedIOException && cause != null && JacksonTrouble.is(cause)
                ? cause
                : thrown;
        String message = what + (JacksonTrouble.is(told)
                ? text(JacksonTrouble.of(told))
                : told.getClass().getName() + ": " + StackTraces.message(told));
        Throwable users = usersOwn(told);
        return users == null
                ? CallError.of(ErrorCode.RUNTIME, message)
                : new CallError(ErrorCode.RUNTIME, users.getClass().getName(), message, StackTraces.of(users));
    }

    private static String text(JacksonTrouble trouble) {
        Class<?> type = trouble.type();
        return ADVICE.matcher(trouble.message()).replaceAll("")
                + (type != null && type.isSealed() && Modifier.isAbstract(type.getModifiers())
                        ? "; " + type.getName()
                                + " is sealed: with @JsonTypeInfo data say which of its classes they are"
                        : "")
                + at(trouble.path());
    }

    /** What the user's code threw while Jackson used it, if it did. */
    private static @Nullable Throwable usersOwn(Throwable thrown) {
        Throwable t = thrown;
        while (t != null && (JacksonTrouble.is(t) || t instanceof InvocationTargetException)) {
            t = t.getCause();
        }
        return t;
    }

    private static String at(List<String> path) {
        if (path.isEmpty()) {
            return "";
        }
        JsonPointer pointer = JsonPointer.empty();
        for (String step : path.subList(0, Math.min(PATH_LIMIT, path.size()))) {
            pointer = pointer.appendProperty(step);
        }
        return ", at " + pointer + (path.size() > PATH_LIMIT ? "/..." : "");
    }

    private static boolean isExcluded(Throwable thrown, JarLoader loader) {
        Throwable t = thrown;
        for (int i = 0; t != null && i < CAUSES; i++, t = t.getCause()) {
            if ((t instanceof NoClassDefFoundError || t instanceof ClassNotFoundException)
                    && loader.excludes(firstWord(StackTraces.message(t)))) {
                return true;
            }
        }
        return false;
    }

    private static String firstWord(String text) {
        int space = text.indexOf(' ');
        return space < 0 ? text : text.substring(0, space);
    }
}
