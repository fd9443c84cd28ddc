package dev.wren.gateway;

import dev.wren.AotCache;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/**
 * The real gateway as a process of its own, so that it can be killed. It runs the packaged classes, since only from jars
 * can a JVM start with a cache of what it loaded before: 2.3 to 2.8 s instead of 5.0 to 6.1 s here, some thirty times.
 */
final class GatewayProcess implements AutoCloseable {

    private static final int START_SECONDS = 60;
    private static final Path CLASSES = Path.of(System.getProperty("test.wren.classes"));

    private final Process process;
    private final Http http;
    private final Http management;

    private GatewayProcess(Process process, Http http, Http management) {
        this.process = process;
        this.http = http;
        this.management = management;
    }

    static GatewayProcess start(Path store, Path log, String... more) {
        return start("-XX:AOTCache=" + AotCache.of(CLASSES, "gateway-process", GatewayProcess::train), store, log,
                more);
    }

    /** By the start of a gateway that is ended again. */
    private static void train(Path cache) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("wren-gateway-process");
        Path log = Files.createFile(folder.resolve("log"));
        try (GatewayProcess first = start("-XX:AOTCacheOutput=" + cache, folder.resolve("store"), log)) {
            first.terminate();
            first.process.waitFor(START_SECONDS, TimeUnit.SECONDS);
        }
        FileSystemUtils.deleteRecursively(folder);
    }

    private static String classPath() {
        return Stream.concat(Stream.of(CLASSES.toString()),
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> Files.isRegularFile(Path.of(entry))))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static GatewayProcess start(String cache, Path store, Path log, String... more) {
        try {
            int port = freePort();
            int managementPort = freePort();
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                    cache, "-cp", classPath()));
            Stream.of(more).filter(option -> option.startsWith("-X") || option.startsWith("-D")).forEach(command::add);
            command.addAll(List.of("dev.wren.gateway.WrenGateway", "--server.port=" + port,
                    "--management.server.port=" + managementPort));
            Map<String, String> settings = new LinkedHashMap<>();
            Stream.of(RunningGateway.WORKERS.stream(), TestStore.settings(store).stream(),
                    Stream.of(more).filter(option -> option.startsWith("--"))).flatMap(each -> each)
                    .forEach(each -> settings.put(each.substring(0, each.indexOf('=')), each));
            command.addAll(settings.values());
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            Http http = new Http("http://127.0.0.1:" + port);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
            while (!answers(http)) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    process.destroyForcibly();
                    throw new AssertionError("the gateway did not start: " + Files.readString(log));
                }
                // What starts needs the cores.
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            return new GatewayProcess(process, http, new Http("http://127.0.0.1:" + managementPort));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean answers(Http http) {
        try {
            return http.get("/executors").status() == 200;
        } catch (UncheckedIOException _) {
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    Http http() {
        return http;
    }

    /** Worker JVMs that it has started and that live; not one that is trained to make their cache. */
    List<ProcessHandle> workers() {
        return process.descendants().filter(ProcessHandle::isAlive).filter(each -> each.info().arguments().stream()
                .flatMap(Arrays::stream).anyMatch("local"::equals)).toList();
    }

    Http management() {
        return management;
    }

    /** Sends a signal: {@code STOP}, {@code CONT}. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Waits for the end; its exit code. */
    int exitCode() throws InterruptedException {
        return process.waitFor();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
