package dev.wren.worker.function;

import dev.wren.protocol.CallError;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.worker.TestJars;
import dev.wren.worker.binding.CallInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;

/** Applies test functions in this JVM, by the worker's own way from the jar to the value. */
final class FunctionFixture implements AutoCloseable {

    static final Path JAR = TestJars.functions();

    private final Path jar;
    private final String sha256;
    private String arguments = "[]";

    final Functions functions = new Functions(1000, 1 << 20, Clock.systemUTC());
    private final FunctionCall call = new FunctionCall(1 << 20, System::nanoTime);

    /** The test functions. */
    FunctionFixture() {
        this(JAR);
    }

    /** Those of a jar. */
    FunctionFixture(Path jar) {
        this.jar = jar;
        this.sha256 = sha256(jar);
    }

    static Invocation invocation(String handler, String... excludeModules) {
        return new FunctionFixture().named(handler, excludeModules);
    }

    /** What the first parameters are from now on. */
    FunctionFixture with(String json) {
        arguments = json;
        return this;
    }

    private Invocation named(String handler, String... excludeModules) {
        return new Invocation(Protocol.VERSION, "cs", 10, List.of(new Invocation.Jar(sha256, jar.toString())),
                handler, arguments, List.of(excludeModules),
                "{\"k\":1.50}", 1, 60_000);
    }

    /** Either {@code value} or {@code error} is there. */
    record Result(String value, @Nullable CallError error) {
    }

    Result apply(String handler, String datum) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            Invocation invocation = named(handler);
            LoadedFunction ready = functions.ready(invocation);
            LoadedFunction function = ready != null ? ready : functions.load(invocation);
            byte[] json = ("junk" + datum + "junk").getBytes(StandardCharsets.UTF_8);
            CallError error = call.run(function, new CallInfo("cs", "00007", handler, "{\"k\":1.50}", "w", 0), json, 4,
                    json.length - 8);
            return error != null
                    ? new Result("", error)
                    : new Result(new String(call.value().toByteArray(), StandardCharsets.UTF_8), null);
        } catch (SetupException e) {
            return new Result("", e.error());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** The value's JSON; fails where there is none. */
    String value(String handler, String datum) {
        Result result = apply(handler, datum);
        CallError error = result.error;
        return error == null ? result.value : Assertions.fail(error.toString());
    }

    /** The error; fails where there is a value. */
    CallError error(String handler, String datum) {
        Result result = apply(handler, datum);
        CallError error = result.error;
        return error != null ? error : Assertions.fail("a value: " + result.value);
    }

    static String sha256(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        functions.close();
    }
}
