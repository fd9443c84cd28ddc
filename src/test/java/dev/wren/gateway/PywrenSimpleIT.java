package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PyWren's test_simple, name by name, by a program that only has the client. */
class PywrenSimpleIT {

    private static UserProgram.Ended ended;

    @BeforeAll
    static void run(@TempDir Path folder) {
        try (RunningGateway gateway = RunningGateway.start(folder.resolve("store"))) {
            ended = new UserProgram(folder.resolve("program")).with("WREN_URL", gateway.url())
                    .source("TestSimple", SOURCE).run("TestSimple");
        }
    }

    @AfterAll
    static void says_nothing_else() {
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SimpleAsync.test_simple", "SimpleAsync.test_simple2", "SimpleAsync.test_exception",
            "SimpleAsync.test_subprocess", "SimpleAsync.test_exception2", "SimpleMap.test_map",
            "SimpleMap.test_map_doublewait", "SimpleReduce.test_reduce", "RuntimeCaching.test_cached_runtime",
            "SerializeFutures.test_map"})
    void is_as_it_was(String name) {
        assertThat(ended.out().lines()).as("%s%s", ended.out(), ended.err()).contains("ok " + name);
    }

    private static final String SOURCE = """
            import dev.wren.client.*;
            import java.io.*;
            import java.util.*;
            import java.util.stream.*;

            public class TestSimple {

                static int sumList(List<Integer> x) {
                    return x.stream().mapToInt(i -> i).sum();
                }

                static int plusOne(int x) {
                    return x + 1;
                }

                static final List<Integer> X = IntStream.range(0, 10).boxed().toList();
                static final List<Integer> X_PLUS_1 = IntStream.range(1, 11).boxed().toList();

                static void check(boolean holds, Object said) {
                    if (!holds) {
                        throw new AssertionError(String.valueOf(said));
                    }
                }

                static class SimpleAsync {
                    void test_simple(WrenExecutor wrenexec) {
                        ResponseFuture<Integer> fut = wrenexec.callAsync(TestSimple::sumList, X);
                        check(fut.result() == 45, fut.result());
                    }

                    void test_simple2(WrenExecutor wrenexec) {
                        ResponseFuture<Integer> fut = wrenexec.callAsync(
                                (List<Integer> x) -> x.stream().mapToInt(i -> i).sum(), X);
                        check(fut.result() == 45, fut.result());
                    }

                    void test_exception(WrenExecutor wrenexec) {
                        ResponseFuture<Object> fut = wrenexec.callAsync(x -> {
                            throw new Exception("Throw me out!");
                        }, null);
                        try {
                            throw new AssertionError("a value: " + fut.result());
                        } catch (FunctionException e) {
                            check(e.getMessage().contains("Throw me out!"), e);
                            check("java.lang.Exception".equals(e.type()), e.type());
                            check("Throw me out!".equals(e.remoteMessage()), e.remoteMessage());
                        }
                    }

                    void test_subprocess(WrenExecutor wrenexec) {
                        ResponseFuture<String> fut = wrenexec.callAsync(x -> {
                            Process uname = new ProcessBuilder("uname", "-a").start();
                            return new String(uname.getInputStream().readAllBytes());
                        }, null);
                        check(!fut.result().isEmpty(), fut.result());
                    }

                    void test_exception2(WrenExecutor wrenexec) {
                        RemoteFunction<Integer, Integer> throwException = x -> 1 / (x - x);
                        ResponseFuture<Integer> fut = wrenexec.callAsync(throwException, 1);
                        try {
                            throw new AssertionError("a value: " + fut.result());
                        } catch (FunctionException e) {
                            try {
                                throwException.apply(1);
                            } catch (Exception here) {
                                check(here.getClass().getName().equals(e.type()), e.type());
                                check(here.getMessage().equals(e.remoteMessage()), e.remoteMessage());
                            }
                            check(e.remoteStackTrace().contains("TestSimple.java"), e.remoteStackTrace());
                        }
                    }
                }

                static class SimpleMap {
                    void test_map(WrenExecutor wrenexec) {
                        List<ResponseFuture<Integer>> futures = wrenexec.map(TestSimple::plusOne, X);
                        int resultCount = 0;
                        while (resultCount < X.size()) {
                            WaitResult<Integer> waited = wrenexec.wait(futures);
                            resultCount = waited.dones().size();
                        }
                        check(futures.stream().map(f -> f.result()).toList().equals(X_PLUS_1), futures);
                        check(futures.stream().allMatch(f -> f.done()), futures);
                    }

                    void test_map_doublewait(WrenExecutor wrenexec) {
                        List<ResponseFuture<Integer>> futures = wrenexec.map(x -> x + 1, X);
                        wrenexec.wait(futures);
                        wrenexec.wait(futures);
                        check(wrenexec.getAllResults(futures).equals(X_PLUS_1), futures);
                    }
                }

                static class SimpleReduce {
                    void test_reduce(WrenExecutor wrenexec) {
                        List<ResponseFuture<Integer>> futures = wrenexec.map(TestSimple::plusOne, X);
                        ResponseFuture<Integer> reduced = wrenexec.reduce(TestSimple::sumList, futures);
                        check(reduced.result() == 55, reduced.result());
                    }
                }

                static class RuntimeCaching {
                    void test_cached_runtime(WrenExecutor wrenexec) {
                        ResponseFuture<Integer> fut = wrenexec.map((Integer x) -> x + 7, List.of(10),
                                MapOptions.defaults().useCachedRuntime(false)).get(0);
                        check(fut.result() == 17, fut.result());
                        check(!fut.runStatus().get().runtimeCached(), fut.runStatus());
                        // Twice: another worker than the last one may be the first to be free.
                        boolean cached = false;
                        for (int i = 0; i < 20 && !cached; i++) {
                            fut = wrenexec.map((Integer x) -> x + 7, List.of(10),
                                    MapOptions.defaults().useCachedRuntime(true)).get(0);
                            check(fut.result() == 17, fut.result());
                            cached = fut.runStatus().get().runtimeCached();
                        }
                        check(cached, fut.runStatus());
                    }
                }

                static class SerializeFutures {
                    @SuppressWarnings("unchecked")
                    void test_map(WrenExecutor wrenexec) throws Exception {
                        List<ResponseFuture<Integer>> original = wrenexec.map(TestSimple::plusOne, X);
                        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                            out.writeObject(original);
                        }
                        List<ResponseFuture<Integer>> futures = (List<ResponseFuture<Integer>>) new ObjectInputStream(
                                new ByteArrayInputStream(bytes.toByteArray())).readObject();
                        check(futures.equals(original), futures);
                        wrenexec.wait(futures);
                        check(futures.stream().map(f -> f.result()).toList().equals(X_PLUS_1), futures);
                    }
                }

                public static void main(String[] args) throws Exception {
                    for (Object suite : List.of(new SimpleAsync(), new SimpleMap(), new SimpleReduce(),
                            new RuntimeCaching(), new SerializeFutures())) {
                        for (var test : suite.getClass().getDeclaredMethods()) {
                            if (test.getName().startsWith("test_")) {
                                try (WrenExecutor wrenexec = WrenExecutor.connect()) {
                                    test.invoke(suite, wrenexec);
                                    System.out.println("ok " + suite.getClass().getSimpleName() + "." + test.getName());
                                } catch (java.lang.reflect.InvocationTargetException e) {
                                    System.out.println("failed " + test.getName());
                                    e.getCause().printStackTrace();
                                }
                            }
                        }
                    }
                }
            }
            """;
}
