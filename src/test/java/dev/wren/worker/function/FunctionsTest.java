package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.worker.binding.CallInfo;
import dev.wren.worker.loader.PoolThreads;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FunctionsTest {

    @TempDir
    Path folder;

    @Test
    void keeps_what_it_has_loaded() throws Exception {
        try (FunctionFixture fixture = new FunctionFixture()) {
            Functions functions = fixture.functions;
            Invocation square = FunctionFixture.invocation("fn.Square");
            assertThat(functions.ready(square)).isNull();
            LoadedFunction loaded = functions.load(square);
            assertThat(functions.ready(square)).isSameAs(loaded);
            assertThat(functions.ready(FunctionFixture.invocation("fn.Square", "fn.other"))).isNull();
        }
    }

    @Test
    @Timeout(30)
    void the_classes_of_adropped_jar_are_collected() throws Exception {
        try (Functions functions = new Functions(1000, 1 << 20, Clock.systemUTC())) {
            WeakReference<ClassLoader> first = loaderAfterUse(functions);
            // Others take its place.
            for (String excluded : List.of("a", "b", "c", "d")) {
                functions.load(FunctionFixture.invocation("fn.Square", excluded));
            }
            assertThat(functions.ready(FunctionFixture.invocation("fn.Points"))).isNull();
            while (first.get() != null) {
                System.gc();
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    private static WeakReference<ClassLoader> loaderAfterUse(Functions functions) throws SetupException {
        FunctionCall call = new FunctionCall(1 << 20, System::nanoTime);
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        WeakReference<ClassLoader> loader = new WeakReference<>(null);
        for (String[] use : new String[][]{
                {"fn.Points", "{\"x\":1,\"y\":2,\"way\":\"LEFT\",\"name\":\"n\",\"tags\":[1]}"},
                {"fn.Points", "{\"x\":1,\"z\":2}"}, {"fn.Mixed", "\"throw-cause\""}, {"fn.Mixed", "\"cycle-bean\""},
                {"fn.Mixed", "\"bad-getter\""}, {"fn.Methods::told", "\"x\""}, {"fn.Turn", "\"LEFT\""},
                {"fn.Methods::checked", "{\"x\":-1}"}}) {
            LoadedFunction function = functions.load(FunctionFixture.invocation(use[0]));
            byte[] datum = use[1].getBytes(StandardCharsets.UTF_8);
            call.run(function, new CallInfo("cs", "00000", use[0], "{}", "w", 0), datum, 0, datum.length);
            loader = new WeakReference<>(function.loader());
        }
        Thread.currentThread().setContextClassLoader(before);
        return loader;
    }

    /** One that a function has left, or that the JDK has made while it ran. */
    @Test
    void no_thread_keeps_the_loader_of_a_jar_that_is_let_go() throws Exception {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        CountDownLatch end = new CountDownLatch(1);
        Thread left = new Thread(() -> {
            try {
                end.await();
            } catch (InterruptedException _) {
                // It ends.
            }
        });
        ForkJoinWorkerThread pooled = new PoolThreads().newThread(new ForkJoinPool(1));
        try (Functions functions = new Functions(1000, 1 << 20, Clock.systemUTC())) {
            LoadedFunction function = functions.load(FunctionFixture.invocation("fn.Square"));
            left.setDaemon(true);
            left.setContextClassLoader(function.loader());
            left.start();
            assertThat(pooled.getContextClassLoader()).isSameAs(function.loader());
            pooled.setContextClassLoader(null);
            assertThat(pooled.getContextClassLoader()).isNull();
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
        assertThat(left.getContextClassLoader()).isSameAs(Functions.class.getClassLoader());
        assertThat(pooled.getContextClassLoader()).isSameAs(Functions.class.getClassLoader());
        end.countDown();
    }

    @Test
    void a_jar_that_is_replaced_after_it_was_opened_is_not_read() throws Exception {
        Path jar = Files.copy(FunctionFixture.JAR, folder.resolve("f.jar"));
        Invocation invocation = new Invocation(Protocol.VERSION, "cs", 1,
                List.of(new Invocation.Jar(FunctionFixture.sha256(jar), jar.toString())), "fn.Square", "[]", List.of(),
                "{}", 1, 1000);
        try (Functions functions = new Functions(1000, 1 << 20, Clock.systemUTC())) {
            LoadedFunction loaded = functions.load(invocation);
            Files.move(Files.writeString(folder.resolve("other"), "junk"), jar, StandardCopyOption.REPLACE_EXISTING);
            assertThat(loaded.loader().loadClass("fn.Points")).isNotNull();
        }
    }

    @Test
    void resources_come_from_the_jar_first() throws Exception {
        try (Functions functions = new Functions(1000, 1 << 20, Clock.systemUTC())) {
            ClassLoader loader = functions.load(FunctionFixture.invocation("fn.Square")).loader();
            assertThat(Objects.requireNonNull(loader.getResource("fn/Square.class")).toString())
                    .contains("!/fn/Square");
            assertThat(loader.getResource("dev/wren/worker/function/Functions.class")).isNull();
            assertThat(loader.getResource("tools/jackson/databind/ObjectMapper.class")).isNull();
            assertThat(loader.getResource("java/lang/Object.class")).isNotNull();
        }
    }
}
