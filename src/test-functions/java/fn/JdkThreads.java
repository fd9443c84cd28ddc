package fn;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** What threads that a function has not made itself see of its classes. */
public class JdkThreads {

    private static final List<String> BLIND = new CopyOnWriteArrayList<>();

    private static void look(String where) {
        try {
            Class.forName("fn.Points", false, Thread.currentThread().getContextClassLoader());
        } catch (ClassNotFoundException e) {
            BLIND.add(where + " in " + Thread.currentThread().getName());
        }
    }

    /** Where the classes were not seen. */
    public static List<String> blind(int x) throws Exception {
        BLIND.clear();
        CompletableFuture.runAsync(() -> look("async")).get();
        IntStream.range(0, 100).parallel().forEach(i -> look("stream"));
        compensated();
        CompletableFuture.runAsync(() -> look("delayed"),
                CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS)).get();
        new CompletableFuture<Integer>().completeOnTimeout(1, 1, TimeUnit.MILLISECONDS)
                .thenAccept(v -> look("timeout")).get();
        Timer timer = new Timer(true);
        CountDownLatch ran = new CountDownLatch(1);
        timer.schedule(new TimerTask() {
            @Override
            public void run() {
                look("timer");
                ran.countDown();
            }
        }, 1);
        ran.await();
        timer.cancel();
        http();
        new ProcessBuilder("true").start().onExit().thenAccept(process -> look("exit")).get();
        return BLIND;
    }

    /** All threads of the pool block, so that it makes others. */
    private static void compensated() throws Exception {
        int count = ForkJoinPool.getCommonPoolParallelism() + 3;
        CountDownLatch all = new CountDownLatch(count);
        CompletableFuture<?>[] tasks = IntStream.range(0, count).mapToObj(i -> CompletableFuture.runAsync(() -> {
            look("compensating");
            all.countDown();
            try {
                ForkJoinPool.managedBlock(new ForkJoinPool.ManagedBlocker() {
                    @Override
                    public boolean block() throws InterruptedException {
                        all.await();
                        return true;
                    }

                    @Override
                    public boolean isReleasable() {
                        return all.getCount() == 0;
                    }
                });
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        })).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(tasks).get();
    }

    private static void http() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.sendAsync(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getAddress().getPort())).build(),
                    info -> {
                        look("head");
                        return HttpResponse.BodySubscribers.mapping(
                                HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8), body -> {
                                    look("body");
                                    return body;
                                });
                    }).thenAccept(response -> look("response")).get();
        } finally {
            server.stop(0);
        }
    }
}
