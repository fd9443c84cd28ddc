package dev.wren.worker.output;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output or error of a user's function. Each print is one write at once, so that nothing is lost in a crash
 * and the order with native output is kept; closing it changes nothing. Safe for use by several threads.
 */
final class CapturedStream extends PrintStream {

    private static final byte[] LINE_END = System.lineSeparator().getBytes(StandardCharsets.UTF_8);

    private final OutputStream target;

    CapturedStream(OutputStream target) {
        super(target, false, StandardCharsets.UTF_8);
        this.target = target;
    }

    @Override
    public void flush() {
    }

    @Override
    public void close() {
    }

    @Override
    public boolean checkError() {
        return false;
    }

    @Override
    public void write(int b) {
        write(new byte[]{(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            target.write(bytes, offset, length);
        } catch (IOException e) {
            setError();
        }
    }

    @Override
    public void writeBytes(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    @Override
    public void print(@Nullable String s) {
        write(String.valueOf(s).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void print(boolean b) {
        print(String.valueOf(b));
    }

    @Override
    public void print(char c) {
        print(String.valueOf(c));
    }

    @Override
    public void print(int i) {
        print(String.valueOf(i));
    }

    @Override
    public void print(long l) {
        print(String.valueOf(l));
    }

    @Override
    public void print(float f) {
        print(String.valueOf(f));
    }

    @Override
    public void print(double d) {
        print(String.valueOf(d));
    }

    @Override
    public void print(char[] s) {
        print(String.valueOf(s));
    }

    @Override
    public void print(@Nullable Object o) {
        print(String.valueOf(o));
    }

    @Override
    public void println() {
        write(LINE_END);
    }

    @Override
    public void println(@Nullable String s) {
        byte[] text = String.valueOf(s).getBytes(StandardCharsets.UTF_8);
        byte[] line = new byte[text.length + LINE_END.length];
        System.arraycopy(text, 0, line, 0, text.length);
        System.arraycopy(LINE_END, 0, line, text.length, LINE_END.length);
        write(line);
    }

    @Override
    public void println(boolean b) {
        println(String.valueOf(b));
    }

    @Override
    public void println(char c) {
        println(String.valueOf(c));
    }

    @Override
    public void println(int i) {
        println(String.valueOf(i));
    }

    @Override
    public void println(long l) {
        println(String.valueOf(l));
    }

    @Override
    public void println(float f) {
        println(String.valueOf(f));
    }

    @Override
    public void println(double d) {
        println(String.valueOf(d));
    }

    @Override
    public void println(char[] s) {
        println(String.valueOf(s));
    }

    @Override
    public void println(@Nullable Object o) {
        println(String.valueOf(o));
    }

    @Override
    @SuppressWarnings("AnnotateFormatMethod")
    public PrintStream format(String format, @Nullable Object... args) {
        print(String.format(format, args));
        return this;
    }

    @Override
    @SuppressWarnings("AnnotateFormatMethod")
    public PrintStream format(@Nullable Locale locale, String format, @Nullable Object... args) {
        print(String.format(locale, format, args));
        return this;
    }
}
