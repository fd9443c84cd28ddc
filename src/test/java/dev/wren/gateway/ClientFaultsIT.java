package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import dev.wren.client.CallResult;
import dev.wren.client.MapOptions;
import dev.wren.client.RemoteFunction;
import dev.wren.client.ResponseFuture;
import dev.wren.client.ReturnWhen;
import dev.wren.client.WrenExecutor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client, while the gateway is killed under it, and another starts on its store. */
@BesideOthers
class ClientFaultsIT {

    private static final RemoteFunction<Object, Integer> SQUARE = RemoteFunction.named("fn.Square", Integer.class);
    private static final RemoteFunction<Object, String> MIXED = RemoteFunction.named("fn.Mixed", String.class);
    private static final MapOptions FN = MapOptions.defaults().jars("fn");

    @TempDir
    private Path folder;
    private final Relay relay = new Relay();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private GatewayProcess gateway;
    private WrenExecutor executor;

    @BeforeEach
    void start() throws Exception {
        Files.createFile(folder.resolve("log"));
        gateway = GatewayProcess.start(folder.resolve("store"), folder.resolve("log"));
        relay.to(gateway.http().url());
        gateway.http().putJar("fn", RunningGateway.FUNCTIONS);
        // A dead address too: it is passed over.
        executor = WrenExecutor.builder().urls("http://127.0.0.1:1", relay.url()).progress(false)
                .cacheFolder(folder.resolve("cache")).build();
    }

    @AfterEach
    void stop() {
        executor.close();
        threads.shutdownNow();
        gateway.close();
        relay.close();
    }

    /** Kills the gateway now; another starts meanwhile. */
    private Future<?> replace() {
        try {
            gateway.kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return threads.submit(() -> {
            gateway = GatewayProcess.start(folder.resolve("store"), folder.resolve("log"));
            relay.to(gateway.http().url());
            return null;
        });
    }

    private int callsets() {
        return gateway.http().get("/calls?limit=1000").json().path("items").size();
    }

    private static List<Integer> squares(int n) {
        return IntStream.range(0, n).map(i -> i * i).boxed().toList();
    }

    @Test
    void killed_in_the_middle_of_a_submission() throws Exception {
        List<Future<?>> replaced = new ArrayList<>();
        Stream<Integer> data = IntStream.range(0, 40_000).boxed().peek(i -> {
            // The body has some hundred pieces; it is being sent when this is asked for.
            if (i == 30_000) {
                replaced.add(replace());
            }
        });
        List<ResponseFuture<Integer>> futures = executor.map(SQUARE, data, FN);
        assertThat(executor.getAllResults(futures)).isEqualTo(squares(40_000));
        replaced.getFirst().get(60, TimeUnit.SECONDS);
        assertThat(callsets()).isEqualTo(1);
    }

    @Test
    void killed_at_any_moment_of_many_submissions() throws Exception {
        int maps = 200;
        Future<List<List<ResponseFuture<Integer>>>> submitted = threads.submit(() -> {
            List<List<ResponseFuture<Integer>>> all = new ArrayList<>();
            for (int i = 0; i < maps; i++) {
                all.add(executor.map(SQUARE, List.of(i), FN));
            }
            return all;
        });
        for (int round = 0; round < 2; round++) {
            int before = callsets();
            int enough = Math.min(maps - 1, before + 20);
            gateway.http().until("/calls?limit=1000", list -> list.path("items").size() >= enough);
            replace().get(60, TimeUnit.SECONDS);
        }
        List<List<ResponseFuture<Integer>>> all = submitted.get(120, TimeUnit.SECONDS);
        for (int i = 0; i < maps; i++) {
            assertThat(executor.getAllResults(all.get(i))).containsExactly(i * i);
        }
        assertThat(callsets()).isEqualTo(maps);
    }

    @Test
    void killed_while_it_is_waited_for() throws Exception {
        List<ResponseFuture<String>> futures = executor.map(MIXED, List.of("sleep 3000", "sleep 3000", "square 3"),
                FN);
        assertThat(executor.wait(futures, ReturnWhen.ANY_COMPLETED).dones()).isNotEmpty();
        CompletableFuture<String> pushed = futures.get(1).toCompletableFuture();
        Future<Integer> waited = threads.submit(() -> executor.wait(futures).dones().size());
        Future<String> result = threads.submit(() -> futures.get(0).result());
        replace();
        assertThat(waited.get(120, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(pushed.get(60, TimeUnit.SECONDS)).isEqualTo(result.get(60, TimeUnit.SECONDS));
    }

    @Test
    void killed_while_results_are_read() throws Exception {
        List<ResponseFuture<Integer>> futures = executor.map(SQUARE, IntStream.range(0, 30_000).boxed().toList(), FN);
        assertThat(executor.wait(futures, ReturnWhen.ALL_COMPLETED, Duration.ofMinutes(2)).notDones()).isEmpty();
        List<Integer> read = new ArrayList<>();
        try (Stream<CallResult<Integer>> results = executor.streamResults(futures)) {
            results.forEach(result -> {
                read.add(result.value());
                if (read.size() == 10_000) {
                    replace();
                }
            });
        }
        assertThat(read).isEqualTo(squares(30_000));
        replace();
        assertThat(executor.getAllResults(futures)).isEqualTo(squares(30_000));
    }
}
