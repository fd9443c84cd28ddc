package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.ErrorCode;
import dev.wren.worker.UserJar;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values that are made later. */
class AsyncFunctionsTest {

    @TempDir
    private static Path folder;
    private static FunctionFixture functions;

    @BeforeAll
    static void open() {
        functions = new FunctionFixture(new UserJar(folder).source("Later", """
                import java.util.List;
                import java.util.concurrent.*;
                public class Later implements java.util.function.Function<Integer, CompletableFuture<Integer>> {
                    @Override public CompletableFuture<Integer> apply(Integer x) {
                        return CompletableFuture.supplyAsync(() -> x + 1, r -> new Thread(r).start());
                    }
                    public static CompletionStage<CompletableFuture<List<Integer>>> nested(int x) {
                        return CompletableFuture.completedStage(CompletableFuture.completedFuture(List.of(x)));
                    }
                    public static Future<String> failed(int x) {
                        return CompletableFuture.failedFuture(new IllegalStateException("not " + x));
                    }
                    public static Future<String> cancelled(int x) {
                        CompletableFuture<String> future = new CompletableFuture<>();
                        future.cancel(true);
                        return future;
                    }
                    public static Object task(int x) {
                        FutureTask<Integer> task = new FutureTask<>(() -> x * 2);
                        new Thread(task).start();
                        return task;
                    }
                    public static CompletableFuture<Void> nothing(int x) {
                        return CompletableFuture.completedFuture(null);
                    }
                }
                """).flat());
    }

    @AfterAll
    static void close() {
        functions.close();
    }

    @Test
    void a_future_is_waited_for() {
        assertThat(functions.value("own.Later", "1")).isEqualTo("2");
        assertThat(functions.value("own.Later::nested", "1")).isEqualTo("[1]");
        assertThat(functions.value("own.Later::task", "4")).isEqualTo("8");
        assertThat(functions.value("own.Later::nothing", "4")).isEqualTo("null");
    }

    @Test
    void its_exception_is_the_calls() {
        assertThat(functions.error("own.Later::failed", "1")).satisfies(error -> {
            assertThat(error.code()).isEqualTo(ErrorCode.FUNCTION);
            assertThat(error.type()).isEqualTo("java.lang.IllegalStateException");
            assertThat(error.message()).isEqualTo("not 1");
        });
        assertThat(functions.error("own.Later::cancelled", "1").type())
                .isEqualTo("java.util.concurrent.CancellationException");
    }
}
