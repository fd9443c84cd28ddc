package dev.wren.worker.function;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes a stack trace as {@link Throwable#printStackTrace()} does, but without trusting the exception: any of its
 * methods may throw, its causes may form a circle, its text may be endless. What lies below the user's own frames is cut
 * off.
 */
final class StackTraces {

    private static final int LIMIT = 64 << 10;
    private static final int MESSAGE_LIMIT = 16 << 10;
    private static final String OURS = "dev.wren.worker.";

    private final StringBuilder text = new StringBuilder(1024);
    private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private StackTraces() {
    }

    /** The trace of {@code thrown} with its causes, at most 64 Ki characters. */
    static String of(Throwable thrown) {
        StackTraces trace = new StackTraces();
        trace.append(thrown, "", "", new StackTraceElement[0]);
        if (trace.text.length() > LIMIT) {
            trace.text.setLength(LIMIT);
            trace.text.append("\n\t... cut off\n");
        }
        return trace.text.toString();
    }

    /** The message of {@code thrown}: empty for none, and a note where asking for it throws. */
    static String message(Throwable thrown) {
        String message = safely(thrown::getMessage, thrown, "getMessage");
        if (message == null) {
            return "";
        }
        return message.length() <= MESSAGE_LIMIT ? message : message.substring(0, MESSAGE_LIMIT) + "...";
    }

    private void append(Throwable thrown, String caption, String indent, StackTraceElement[] enclosing) {
        if (!seen.add(thrown)) {
            text.append(indent).append(caption).append("[CIRCULAR REFERENCE: ").append(thrown.getClass().getName())
                    .append("]\n");
            return;
        }
        String message = message(thrown);
        text.append(indent).append(caption).append(thrown.getClass().getName());
        if (!message.isEmpty()) {
            text.append(": ").append(message);
        }
        text.append('\n');
        StackTraceElement[] all = safely(thrown::getStackTrace, thrown, "getStackTrace");
        StackTraceElement[] frames = all == null ? new StackTraceElement[0] : users(all);
        int same = sameEnd(frames, enclosing);
        for (int i = 0; i < frames.length - same && text.length() <= LIMIT; i++) {
            text.append(indent).append("\tat ").append(frames[i]).append('\n');
        }
        if (same > 0) {
            text.append(indent).append("\t... ").append(same).append(" more\n");
        }
        if (text.length() > LIMIT) {
            return;
        }
        for (Throwable suppressed : thrown.getSuppressed()) {
            append(suppressed, "Suppressed: ", indent + "\t", frames);
        }
        Throwable cause = safely(thrown::getCause, thrown, "getCause");
        if (cause != null) {
            append(cause, "Caused by: ", indent, frames);
        }
    }

    /** Without the worker's frames and those of reflection just above them. */
    private static StackTraceElement[] users(StackTraceElement[] frames) {
        int end = 0;
        while (end < frames.length && !frames[end].getClassName().startsWith(OURS)) {
            end++;
        }
        if (end == frames.length) {
            return frames;
        }
        while (end > 0 && isReflection(frames[end - 1].getClassName())) {
            end--;
        }
        return end == 0 ? frames : Arrays.copyOf(frames, end);
    }

    private static boolean isReflection(String className) {
        return className.startsWith("java.lang.reflect.") || className.startsWith("java.lang.invoke.")
                || className.startsWith("jdk.internal.reflect.");
    }

    private static int sameEnd(StackTraceElement[] frames, StackTraceElement[] enclosing) {
        int same = 0;
        while (same < frames.length && same < enclosing.length
                && frames[frames.length - 1 - same].equals(enclosing[enclosing.length - 1 - same])) {
            same++;
        }
        return same;
    }

    private static <T> @Nullable T safely(Supplier<@Nullable T> question, Throwable asked, String name) {
        try {
            return question.get();
        } catch (Throwable t) {
            if ("getMessage".equals(name)) {
                @SuppressWarnings("unchecked")
                T note = (T) ("(" + asked.getClass().getName() + ".getMessage threw " + t.getClass().getName() + ")");
                return note;
            }
            return null;
        }
    }
}
