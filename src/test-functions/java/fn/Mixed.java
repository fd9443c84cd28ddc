package fn;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.net.Authenticator;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;

/** Behaves as its datum says: a word, and perhaps an argument after a space. Good calls and every kind of bad ones. */
public class Mixed implements Function<String, Object> {

    private static final List<Object> KEPT = new ArrayList<>();

    @Override
    public Object apply(String datum) {
        try {
            return behave(datum);
        } catch (Throwable t) {
            throw Mixed.<RuntimeException>unchecked(t);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable t) throws T {
        throw (T) t;
    }

    public static Object behave(String datum) throws Throwable {
        int space = datum.indexOf(' ');
        String what = space < 0 ? datum : datum.substring(0, space);
        String argument = space < 0 ? "" : datum.substring(space + 1);
        return switch (what) {
            case "square" -> Math.multiplyExact(number(argument), number(argument));
            case "text" -> argument;
            case "null" -> null;
            case "sleep" -> sleep(number(argument));
            case "meet" -> meet(argument);
            case "print" -> print(argument);
            case "print-error" -> {
                System.err.println(argument);
                yield argument;
            }
            case "max-memory" -> Runtime.getRuntime().maxMemory();
            // What goes better the second time
            case "fail-first" -> {
                if (isFirst(argument)) {
                    throw new IllegalStateException("the first time");
                }
                yield "the second time";
            }
            case "hang-first" -> isFirst(argument) ? forever() : "the second time";
            // What is thrown
            case "throw" -> throw new IllegalStateException(argument);
            case "throw-checked" -> throw new IOException(argument);
            case "throw-cause" -> throw new IllegalStateException("outer", new IOException("inner"));
            case "throw-error" -> throw new AssertionError(argument);
            case "throw-circle" -> throw circle();
            case "throw-hostile" -> throw new HostileException();
            case "throw-thread-death" -> throw new ThreadDeath();
            case "throw-long" -> throw new IllegalStateException("x".repeat(1 << 20));
            case "stack-overflow" -> overflow(0);
            case "out-of-memory" -> exhaust();
            case "missing-class" -> Class.forName("no.such.Class");
            case "interrupt" -> {
                Thread.currentThread().interrupt();
                yield true;
            }
            // How a process ends
            case "exit" -> {
                System.exit(number(argument));
                yield null;
            }
            case "exit-elsewhere" -> {
                Thread thread = new Thread(() -> System.exit(number(argument)));
                thread.start();
                thread.join();
                yield null;
            }
            case "halt" -> {
                Runtime.getRuntime().halt(number(argument));
                yield null;
            }
            case "crash" -> crash();
            case "kill" -> {
                new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid())).start().waitFor();
                yield forever();
            }
            case "kill-parent" -> {
                ProcessHandle.current().parent().orElseThrow().destroyForcibly();
                yield forever();
            }
            case "busy" -> busy();
            case "forever" -> forever();
            // What is left behind
            case "leave-thread" -> leaveThread(false);
            case "leave-daemon" -> leaveThread(true);
            case "leave-locale" -> {
                Locale.setDefault(Locale.forLanguageTag("tr-TR"));
                TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
                System.setProperty("fn.left", "yes");
                System.clearProperty("user.dir");
                Thread.currentThread().setContextClassLoader(null);
                Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
                });
                yield true;
            }
            case "see-locale" -> Locale.getDefault() + " " + TimeZone.getDefault().getID() + " "
                    + System.getProperty("fn.left") + " " + (System.getProperty("user.dir") != null) + " "
                    + (Thread.currentThread().getContextClassLoader() == Mixed.class.getClassLoader()) + " "
                    + Thread.getDefaultUncaughtExceptionHandler();
            case "leave-file" -> {
                Files.createDirectories(Path.of("a/b"));
                Files.writeString(Path.of("a/b/left"), "x");
                yield true;
            }
            case "see-files" -> {
                try (var files = Files.walk(Path.of(""))) {
                    yield files.filter(Files::isRegularFile).count();
                }
            }
            case "leave-streams" -> {
                System.setOut(new PrintStream(OutputStream.nullOutputStream()));
                System.setErr(new PrintStream(OutputStream.nullOutputStream()));
                yield true;
            }
            case "leave-provider" -> {
                Security.addProvider(new Provider("fn", "1", "nothing") {
                });
                yield true;
            }
            case "leave-authenticator" -> {
                Authenticator.setDefault(new Authenticator() {
                });
                yield true;
            }
            case "leave-interrupter" -> {
                Thread caller = Thread.currentThread();
                Thread thread = new Thread(() -> {
                    while (true) {
                        caller.interrupt();
                        Thread.onSpinWait();
                    }
                });
                thread.setDaemon(true);
                thread.start();
                yield true;
            }
            // Output and input
            case "close-out" -> {
                System.out.println("before");
                System.out.close();
                System.err.close();
                System.out.println("after");
                new FileOutputStream(FileDescriptor.out).close();
                System.out.println("long after");
                yield true;
            }
            case "print-bytes" -> {
                System.out.write(new byte[]{'a', (byte) 0xff, (byte) 0xc3, 'b', (byte) 0xe2, (byte) 0x82});
                yield true;
            }
            case "print-native" -> {
                System.out.print("one ");
                nativeWrite("two ");
                System.out.print("three ");
                try (OutputStream fd = Files.newOutputStream(Path.of("/proc/self/fd/1"),
                        StandardOpenOption.APPEND)) {
                    fd.write("four ".getBytes(StandardCharsets.UTF_8));
                }
                System.err.print("five");
                yield true;
            }
            case "read-in" -> {
                int first = System.in.read();
                System.in.close();
                yield first + " " + System.in.read() + " " + System.in.readAllBytes().length;
            }
            // Values
            case "nan" -> Double.NaN;
            case "infinity" -> List.of(1.5, Float.NEGATIVE_INFINITY);
            case "nan-array" -> new double[]{1, Double.NaN};
            case "nan-floats" -> new float[]{1, Float.POSITIVE_INFINITY};
            case "nan-record" -> new Pair(Double.NaN, "x");
            case "cycle" -> {
                Map<String, Object> circle = new HashMap<>();
                circle.put("self", List.of(circle));
                yield circle;
            }
            case "cycle-bean" -> new Circle();
            case "deep" -> deep(number(argument));
            case "surrogate" -> "a\ud83dx";
            case "surrogate-low" -> List.of("\ude00");
            case "surrogate-key" -> Map.of("\ud83d", 1);
            case "emoji" -> argument + "\ud83d\ude00";
            case "huge" -> "x".repeat(number(argument));
            case "late-huge" -> {
                sleep(1500);
                yield "x".repeat(number(argument));
            }
            case "endless" -> (Iterable<String>) () -> new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return true;
                }

                @Override
                public String next() {
                    return "again";
                }
            };
            case "bad-getter" -> new BadGetter();
            case "to-string" -> {
                System.out.println(new Recursive());
                yield null;
            }
            default -> throw new IllegalArgumentException("no such behaviour: " + what);
        };
    }

    public record Pair(double a, String b) {
    }

    public static class Circle {
        public Circle getSelf() {
            return this;
        }
    }

    public static class BadGetter {
        public int getValue() {
            throw new IllegalStateException("getter");
        }
    }

    public static class Recursive {
        @Override
        public String toString() {
            return "<" + this + ">";
        }
    }

    public static class HostileException extends RuntimeException {
        @Override
        public String getMessage() {
            throw new IllegalStateException("no message for you");
        }

        @Override
        public Throwable getCause() {
            throw new StackOverflowError();
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new IllegalStateException();
        }

        @Override
        public void printStackTrace(PrintStream s) {
            System.exit(3);
        }
    }

    /** Whether this is the first call with that file. */
    /** {@code COUNT FOLDER}: waits until that many calls are here, each with a file in the folder. */
    private static boolean meet(String argument) throws IOException, InterruptedException {
        int space = argument.indexOf(' ');
        int count = Integer.parseInt(argument.substring(0, space));
        Path folder = Path.of(argument.substring(space + 1));
        Files.createTempFile(folder, "here", null);
        for (int tries = 0; tries < 2000; tries++) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.count() >= count) {
                    return true;
                }
            }
            Thread.sleep(10);
        }
        return false;
    }

    private static boolean isFirst(String file) throws IOException {
        try {
            Files.createFile(Path.of(file));
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private static Object sleep(int millis) throws InterruptedException {
        Thread.sleep(millis);
        return millis;
    }

    private static Object print(String text) {
        System.out.println(text);
        return text.length();
    }

    private static Throwable circle() {
        Exception a = new IllegalStateException("a");
        a.initCause(new IOException("b", a));
        return a;
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    private static Object exhaust() {
        List<byte[]> all = new ArrayList<>();
        while (true) {
            all.add(new byte[8 << 20]);
        }
    }

    private static Object deep(int levels) {
        Object value = 1;
        for (int i = 0; i < levels; i++) {
            value = List.of(value);
        }
        return value;
    }

    private static Object busy() {
        long spun = 0;
        while (true) {
            spun++;
            if (spun < 0) {
                return spun;
            }
        }
    }

    private static Object forever() {
        while (true) {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                // Stays.
            }
        }
    }

    private static Object leaveThread(boolean daemon) {
        Thread thread = new Thread(Mixed::forever, "left-behind");
        thread.setDaemon(daemon);
        thread.start();
        return true;
    }

    private static Object crash() throws ReflectiveOperationException {
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object unsafe = field.get(null);
        unsafe.getClass().getMethod("putAddress", long.class, long.class).invoke(unsafe, 8L, 1L);
        return null;
    }

    private static void nativeWrite(String text) throws Throwable {
        Linker linker = Linker.nativeLinker();
        var write = linker.downcallHandle(linker.defaultLookup().findOrThrow("write"), FunctionDescriptor.of(
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(text);
            long written = (long) write.invokeExact(1, bytes, bytes.byteSize() - 1);
            KEPT.add(written);
        }
    }
}
