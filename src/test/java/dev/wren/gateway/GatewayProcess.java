package dev.wren.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real gateway as a process of its own, so that it can be killed. */
final class GatewayProcess implements AutoCloseable {

    private static final int START_SECONDS = 60;

    private final Process process;
    private final Http http;

    private GatewayProcess(Process process, Http http) {
        this.process = process;
        this.http = http;
    }

    static GatewayProcess start(Path store, Path log) {
        try {
            int port = freePort();
            Process process = new ProcessBuilder(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                    "-cp", System.getProperty("java.class.path"), "dev.wren.gateway.WrenGateway",
                    "--server.port=" + port, "--management.server.port=0", "--wren.store=" + store,
                    "--wren.executors.local.workers=2"))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            Http http = new Http("http://127.0.0.1:" + port);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
            while (!answers(http)) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new AssertionError("the gateway did not start: " + Files.readString(log));
                }
            }
            return new GatewayProcess(process, http);
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

    /** Worker JVMs that it has started and that live. */
    List<ProcessHandle> workers() {
        return process.descendants().filter(ProcessHandle::isAlive).toList();
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
