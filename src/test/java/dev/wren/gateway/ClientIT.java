package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that map their own functions, each in a JVM with a class path of its own. */
class ClientIT {

    private static RunningGateway gateway;

    private static final String IMPORTS = """
            import dev.wren.client.*;
            import java.time.*;
            import java.util.*;
            import java.util.concurrent.*;
            import java.util.stream.*;
            import static dev.wren.client.ReturnWhen.*;

            """;

    @BeforeAll
    static void start(@TempDir Path folder) {
        gateway = RunningGateway.start(folder.resolve("store"));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static UserProgram program(Path folder) {
        return new UserProgram(folder.resolve("program")).with("WREN_URL", gateway.url());
    }

    private static String run(UserProgram program, String body) {
        UserProgram.Ended ended = program.source("Main", IMPORTS + body).run("Main");
        assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
        assertThat(ended.err()).isEmpty();
        return ended.out();
    }

    private static String main(String statements, String members) {
        return """
                public class Main {
                    public static void main(String[] args) throws Exception {
                        try (WrenExecutor executor = WrenExecutor.connect()) {
                %s
                        }
                    }
                %s
                }
                """.formatted(statements, members);
    }

    @Test
    void all_that_can_be_asked_of_futures(@TempDir Path folder) {
        assertThat(run(program(folder),
                main("""
                        List<ResponseFuture<Integer>> futures = executor.map(Main::work, List.of(1, 0, 3, -1));
                        WaitResult<Integer> any = executor.wait(futures, ANY_COMPLETED, Duration.ofSeconds(60));
                        say(any.dones().size() >= 1 && any.dones().size() + any.notDones().size() == 4);
                        WaitResult<Integer> now = executor.wait(futures, ALWAYS);
                        say(now.dones().size() + now.notDones().size());
                        try {
                            futures.get(3).result(Duration.ofMillis(1));
                        } catch (TimeoutException e) {
                            say("in time " + e.getMessage().contains(futures.get(3).toString()));
                        }
                        say(futures.get(3).done());
                        CompletableFuture<Integer> first = futures.get(0).toCompletableFuture();
                        CompletableFuture<Integer> last = futures.get(3).toCompletableFuture();
                        say(first.get(60, TimeUnit.SECONDS));
                        say(futures.get(0).toCompletableFuture().get(60, TimeUnit.SECONDS));
                        say(futures.get(3).cancel());
                        try {
                            last.get(60, TimeUnit.SECONDS);
                        } catch (CancellationException e) {
                            say("cancelled");
                        }
                        try {
                            futures.get(3).result();
                        } catch (CancellationException e) {
                            say("cancelled");
                        }
                        say(executor.wait(futures).notDones());
                        try {
                            executor.getAllResults(futures);
                        } catch (FunctionException e) {
                            say(e.type() + " " + e.code() + " " + e.remoteMessage());
                        }
                        say(executor.getAllResults(futures, Duration.ofSeconds(9), false));
                        say(executor.getAllResults(futures.subList(0, 1)) + " " + futures.get(1).result(Duration.ZERO, false));
                        try {
                            futures.get(1).toCompletableFuture().get(60, TimeUnit.SECONDS);
                        } catch (ExecutionException e) {
                            say(((FunctionException) e.getCause()).type());
                        }
                        say(futures.get(0).logs());
                        say(futures.get(0).state() + " " + futures.get(1).state() + " " + futures.get(3).state());
                        List<ResponseFuture<Integer>> again = executor.redrive(futures);
                        say(again.size());
                        executor.cancel(again);
                        say(executor.wait(again).dones().size() + " " + again.get(1).state());
                        say(executor.mapReduce(Main::work, List.of(1, 2, 4), (List<Integer> all) -> all.stream()
                                .mapToInt(i -> i).sum()).result());
                        say(executor.map(Main::work, List.<Integer>of()).size());
                        say(executor.getAllResults(executor.map(Main::work, List.<Integer>of())));
                        """,
                        """
                                    static int work(int x) throws Exception {
                                        System.out.print("working on " + x);
                                        if (x < 0) {
                                            Thread.sleep(60_000);
                                        }
                                        return 12 / x;
                                    }

                                    static void say(Object what) {
                                        System.out.println(what);
                                    }
                                """))
                .lines()).containsExactly("true", "4", "in time true", "false", "12", "12", "true", "cancelled",
                        "cancelled", "[]", "java.lang.ArithmeticException FUNCTION / by zero",
                        "[12, null, 4, null]",
                        "[12] null", "java.lang.ArithmeticException", "working on 1", "SUCCESS ERROR CANCELLED",
                        "2",
                        "2 CANCELLED", "21", "0", "[]");
    }

    @Test
    void types_travel_with_the_function(@TempDir Path folder) {
        assertThat(run(program(folder),
                main("""
                        int by = 3;
                        List<Point> points = List.of(new Point(1, new java.math.BigDecimal("2.50")));
                        System.out.println(executor.getAllResults(executor.map(Point::y, points)));
                        System.out.println(executor.getAllResults(executor.map((Point p) -> new Point(p.x() * by, p.y()), points)));
                        System.out.println(executor.getAllResults(executor.map(Main::line, List.of(2))).get(0).get(1).x());
                        System.out.println(executor.callAsync(RemoteFunction.instance(Counter::count), 5).result());
                        System.out.println(executor.callAsync(RemoteFunction.withCall((Integer x, Map<String, Object> call) -> call.get("callId") + " " + call.get("extraMeta") + x * by), 5,
                                MapOptions.defaults().extraMeta(Map.of("a", 1.5))).result());
                        System.out.println(executor.callAsync(x -> System.getenv("WHERE") + x, 1,
                                MapOptions.defaults().extraEnv(Map.of("WHERE", "there")).tags(Map.of("a", "b")).maxAttempts(2).chunkSize(1).executor("local")
                                        .jobMaxRuntime(Duration.ofSeconds(30))).result());
                        List<Object> mixed = new ArrayList<>(Arrays.asList(1, "a", null, List.of(2.5), Map.of("k", true)));
                        System.out.println(executor.getAllResults(executor.map(x -> x, mixed)));
                        """,
                        """
                                    public record Point(int x, java.math.BigDecimal y) {
                                    }

                                    static List<Point> line(int length) {
                                        return IntStream.range(0, length).mapToObj(i -> new Point(i, java.math.BigDecimal.ONE)).toList();
                                    }

                                    static class Counter {
                                        private int calls;

                                        int count(int x) {
                                            return x + ++calls;
                                        }
                                    }
                                """))
                .lines()).containsExactly("[2.50]", "[Point[x=3, y=2.50]]", "1", "6", "00000 {a=1.5}15", "there1",
                        "[1, a, null, [2.5], {k=true}]");
    }

    @Test
    void what_is_refused_is_refused_before_anything_is_sent(@TempDir Path folder) {
        UserProgram program = new UserProgram(folder.resolve("program")).with("WREN_URL", "http://127.0.0.1:1");
        assertThat(run(program, main("""
                java.io.InputStream in = System.in;
                try {
                    executor.map(x -> x + in.read(), List.of(1));
                } catch (IllegalArgumentException e) {
                    System.out.println(e.getMessage().contains("in, a java.io.BufferedInputStream"));
                }
                """, "")).lines()).containsExactly("true");
    }

    @Test
    void a_gateway_that_refuses_says_why(@TempDir Path folder) {
        assertThat(run(program(folder),
                main("""
                        try {
                            executor.map(x -> x, List.of(1), MapOptions.defaults().maxAttempts(1000).chunkSize(0));
                        } catch (WrenException e) {
                            System.out.println(e.status() + " " + e.problem() + " " + e.getMessage().contains("/maxAttempts"));
                        }
                        try {
                            executor.map(RemoteFunction.named("a.B::c", String.class), List.of(1), MapOptions.defaults().jars("no-such"));
                        } catch (WrenException e) {
                            System.out.println(e.status() + " " + e.problem());
                        }
                        try {
                            executor.map(RemoteFunction.named("a.B::c", String.class), List.of(1));
                        } catch (IllegalArgumentException e) {
                            System.out.println(e.getMessage().contains("MapOptions.jars"));
                        }
                        try {
                            executor.map(x -> x, List.of(1, new Object() { public Object getSelf() { return this; } }));
                        } catch (IllegalArgumentException e) {
                            System.out.println(e.getMessage().contains("The datum 1 has no JSON"));
                        }
                        """,
                        ""))
                .lines()).containsExactly("400 invalid-request true", "422 invalid-function", "true", "true");
    }

    @Test
    void a_million_data_pass_through_little_memory(@TempDir Path folder) {
        UserProgram program = program(folder).source("Main",
                IMPORTS + main(
                        """
                                var futures = executor.map(Main::length, IntStream.range(0, 300_000).mapToObj(i -> "x".repeat(100) + i),
                                        MapOptions.defaults());
                                System.out.println(futures.size());
                                System.out.println(executor.getAllResults(futures).stream().mapToLong(i -> i).sum());
                                """,
                        """
                                    static int length(String text) {
                                        return text.length();
                                    }
                                """));
        // The data alone have 32 MB, and as objects more than twice as much.
        UserProgram.Ended ended = program.java("-Xmx48m", "-cp", program.classPath(), "own.Main");
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out().lines()).containsExactly("300000", "31688890");
    }

    @Test
    void only_what_has_changed_is_uploaded_again(@TempDir Path folder) {
        try (RunningGateway own = RunningGateway.start(folder.resolve("store"))) {
            String body = main("System.out.println(executor.callAsync(x -> x + %d, 1).result());", "");
            UserProgram program = program(folder).with("WREN_URL", own.url());
            assertThat(run(program, body.formatted(1))).isEqualTo("2\n");
            List<String> first = TestStore.keys(folder.resolve("store"), "default/jars/sha256/");
            assertThat(run(program, body.formatted(1))).isEqualTo("2\n");
            assertThat(TestStore.keys(folder.resolve("store"), "default/jars/sha256/")).isEqualTo(first);
            assertThat(run(program, body.formatted(2))).isEqualTo("3\n");
            // The folder of classes, and three jars of Jackson's; not the client.
            assertThat(first).hasSize(4);
            assertThat(TestStore.keys(folder.resolve("store"), "default/jars/sha256/")).hasSize(5).containsAll(first);
        }
    }
}
