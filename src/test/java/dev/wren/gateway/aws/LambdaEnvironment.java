package dev.wren.gateway.aws;

import com.sun.net.httpserver.HttpExchange;
import dev.wren.gateway.aws.LambdaServer.Answer;
import dev.wren.gateway.aws.LambdaServer.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A child process that runs the function under AWS's runtime interface client, and its side of the runtime API. */
final class LambdaEnvironment {

    private final LambdaServer server;
    private final Path folder;
    private final Process process;
    /** Guarded by this. */
    private Invocation current;
    private boolean timedOut;
    private boolean ended;
    private long deadline;

    private LambdaEnvironment(LambdaServer server, Path folder, Process process) {
        this.server = server;
        this.folder = folder;
        this.process = process;
    }

    static LambdaEnvironment start(LambdaServer server, String name) {
        try {
            Path folder = Files.createTempDirectory("wren-lambda-");
            Files.createDirectory(folder.resolve("work"));
            // As the template in deploy/ says.
            Path temporary = folder.resolve("wren-functions");
            ProcessBuilder builder = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Xshare:auto",
                    "--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + temporary,
                    "--add-opens=java.base/java.lang=ALL-UNNAMED", "-cp",
                    LambdaServer.JAR.toString(), "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
                    "dev.wren.worker.lambda.LambdaWorker::handleRequest")
                    .directory(folder.resolve("work").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("output").toFile());
            Map<String, String> environment = builder.environment();
            environment.clear();
            environment.putAll(Map.of("AWS_LAMBDA_RUNTIME_API",
                    "127.0.0.1:" + server.endpoint().getPort() + "/" + name, "AWS_REGION", "us-east-1",
                    "AWS_ACCESS_KEY_ID", "worker", "AWS_SECRET_ACCESS_KEY", "secret", "AWS_ENDPOINT_URL_SQS",
                    server.sqsEndpoint(), "AWS_LAMBDA_FUNCTION_NAME", "wren-worker", "AWS_LAMBDA_FUNCTION_VERSION", "1",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769", "AWS_LAMBDA_LOG_STREAM_NAME", name, "PATH",
                    "/usr/bin:/bin"));
            environment.put("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/wren-worker");
            environment.put("LAMBDA_TASK_ROOT", folder.toString());
            environment.put("_HANDLER", "dev.wren.worker.lambda.LambdaWorker::handleRequest");
            environment.putAll(server.variables());
            LambdaEnvironment started = new LambdaEnvironment(server, folder, builder.start());
            server.threads().execute(started::watch);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    synchronized boolean isIdle() {
        return current == null && !ended;
    }

    /** Ends it with whatever it is at, as Lambda does past the function's time limit. */
    private void watch() {
        int exit = -1;
        try {
            while (process.isAlive()) {
                try {
                    exit = process.onExit().get(100, TimeUnit.MILLISECONDS).exitValue();
                } catch (TimeoutException e) {
                    synchronized (this) {
                        if (current != null && System.currentTimeMillis() > deadline) {
                            timedOut = true;
                            process.destroyForcibly();
                        }
                    }
                }
            }
            exit = process.exitValue();
        } catch (InterruptedException | ExecutionException e) {
            process.destroyForcibly();
        }
        Invocation lost;
        synchronized (this) {
            ended = true;
            lost = current;
            current = null;
        }
        if (lost != null && !server.isClosed()) {
            if (timedOut) {
                server.failed(lost, "Sandbox.Timedout", "RequestId: " + lost.id() + " Error: Task timed out after "
                        + server.timeoutSeconds() + ".00 seconds");
            } else {
                server.failed(lost, "Runtime.ExitError", "RequestId: " + lost.id() + " Error: "
                        + (exit == 0
                                ? "Runtime exited without providing a reason"
                                : exit > 128
                                        ? "Runtime exited with error: signal: killed"
                                        : "Runtime exited with error: exit status " + exit));
            }
        }
        if (exit != 0 && exit < 128 && exit != 75) {
            try {
                System.err.println("an environment has ended with " + exit + ": "
                        + Files.readString(folder.resolve("output"), StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                // There is nothing to show.
            }
        }
        server.ended(this);
        try {
            FileSystemUtils.deleteRecursively(folder);
        } catch (IOException e) {
            // A temporary folder is left.
        }
    }

    void runtimeApi(HttpExchange exchange, String path) throws IOException {
        if (path.endsWith("/invocation/next")) {
            next(exchange);
        } else if (path.endsWith("/response")) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            Invocation done = done();
            LambdaServer.answer(exchange, 202, "{}");
            if (done != null) {
                done.answer().complete(new Answer(body, false));
            }
        } else if (path.endsWith("/error")) {
            JsonNode error = JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
            Invocation done = done();
            LambdaServer.answer(exchange, 202, "{}");
            if (done != null) {
                server.failed(done, error.path("errorType").asString(""), error.path("errorMessage").asString(""));
            }
        } else {
            LambdaServer.answer(exchange, 202, "{}");
        }
    }

    private synchronized Invocation done() {
        Invocation done = current;
        current = null;
        return done;
    }

    private void next(HttpExchange exchange) throws IOException {
        try {
            Invocation next = null;
            while (next == null && process.isAlive() && !server.isClosed()) {
                next = server.next();
            }
            if (next == null) {
                return;
            }
            synchronized (this) {
                if (ended || !process.isAlive()) {
                    server.accept(next);
                    return;
                }
                current = next;
                deadline = System.currentTimeMillis() + server.timeoutSeconds() * 1000L;
            }
            exchange.getResponseHeaders().set("Lambda-Runtime-Aws-Request-Id", next.id());
            exchange.getResponseHeaders().set("Lambda-Runtime-Deadline-Ms", Long.toString(deadline));
            exchange.getResponseHeaders().set("Lambda-Runtime-Invoked-Function-Arn",
                    "arn:aws:lambda:us-east-1:000000000000:function:wren-worker");
            exchange.getResponseHeaders().set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
            LambdaServer.answer(exchange, 200, next.payload());
            if (server.crashesNow()) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void end() {
        synchronized (this) {
            ended = true;
            current = null;
        }
        process.destroyForcibly();
    }
}
